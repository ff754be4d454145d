"""EC2 instances, found by whatever a person calls them."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.parts import parts
from tasks.running.errors import Refused

GONE = {"terminated", "shutting-down"}

# The tag by which Auto Scaling marks its members (AWS, autoscaling/ec2-auto-scaling-tagging).
GROUP_TAG = "aws:autoscaling:groupName"

# Values that one filter of a question may have (AWS, ec2/Using_Filtering).
MOST_VALUES = 200


@dataclass(frozen=True)
class Instance:
    """One EC2 instance as it was when looked up.

    Args:
        id: For example ``i-0a12b3c4``.
        name: What people read in every line: its Name tag, or its id if it has none or is a member of an
            Auto Scaling group, whose members all have the same.
        state: EC2's word: pending, running, stopping, stopped, shutting-down, terminated.
        tags: All its tags, the memory of earlier runs among them.
    """

    id: str
    name: str
    private_ip: str
    zone: str
    state: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The Auto Scaling group that it is a member of, if any."""
        return self.tags.get(GROUP_TAG, "")


def find_instance(aws: Aws, wanted: str) -> Instance:
    """Return the one instance that *wanted* means: an id, a Name tag, a private IP or private DNS name.

    Raises:
        Refused: It means no instance, or more than one.
    """
    found = [instance for instance in _asked(aws, wanted) if instance.state not in GONE]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{instance.id} ({instance.private_ip})" for instance in found)
        raise Refused(f"{wanted} means {len(found)} instances: {several}", "Name one by its id")
    raise Refused(f"no instance is called {wanted} in {aws.region}", _nearest(aws, wanted))


def find_all(aws: Aws, ids: Iterable[str]) -> list[Instance]:
    """Return the instances with these ids, but for those that are gone."""
    return [instance for instance in _filtered(aws, "instance-id", *ids) if instance.state not in GONE]


def find_addresses(aws: Aws, private_ips: Iterable[str]) -> list[Instance]:
    """Return the instances with these private IPs, but for those that are gone."""
    found = _filtered(aws, "private-ip-address", *private_ips)
    return [instance for instance in found if instance.state not in GONE]


def zones(aws: Aws, instance_ids: Iterable[str]) -> dict[str, str]:
    """Return the Availability Zone of each instance, by id."""
    return {instance.id: instance.zone for instance in _described(aws, InstanceIds=sorted(set(instance_ids)))}


def names(aws: Aws, keys: Iterable[str]) -> dict[str, str]:
    """Return the name of each instance, by id and by private IP; for messages."""
    wanted = set(keys)
    known = _filtered(aws, "instance-id", *(key for key in wanted if key.startswith("i-")))
    known += _filtered(aws, "private-ip-address", *(key for key in wanted if "." in key))
    return {key: instance.name for instance in known for key in (instance.id, instance.private_ip)}


def tagged(aws: Aws, key: str) -> list[Instance]:
    """Return the instances that have a tag called *key*, but for those that are gone."""
    return [instance for instance in _filtered(aws, "tag-key", key) if instance.state not in GONE]


def _asked(aws: Aws, wanted: str) -> list[Instance]:
    if re.fullmatch(r"i-[0-9a-f]+", wanted):
        try:
            return _described(aws, InstanceIds=[wanted])
        except AwsError as error:
            if error.code.startswith("InvalidInstanceID"):
                return []
            raise
    if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", wanted):
        return _filtered(aws, "private-ip-address", wanted)
    named = [i for i in _filtered(aws, "tag:Name", wanted) if i.tags.get("Name") == wanted]
    if not named and "." in wanted:
        return _filtered(aws, "private-dns-name", wanted)
    return named


def _filtered(aws: Aws, name: str, *values: str) -> list[Instance]:
    wanted = sorted(set(values))
    return [
        instance
        for some in parts(wanted, MOST_VALUES)
        for instance in _described(aws, Filters=[{"Name": name, "Values": some}])
    ]


def _described(aws: Aws, **question: Any) -> list[Instance]:
    reservations = aws.pages("ec2", "describe_instances", "Reservations", **question)
    return [_instance(entry) for reservation in reservations for entry in reservation["Instances"]]


def _instance(entry: dict[str, Any]) -> Instance:
    tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
    return Instance(
        id=entry["InstanceId"],
        name=entry["InstanceId"] if GROUP_TAG in tags else tags.get("Name") or entry["InstanceId"],
        private_ip=entry.get("PrivateIpAddress", ""),
        zone=entry["Placement"]["AvailabilityZone"],
        state=entry["State"]["Name"],
        tags=tags,
    )


def _nearest(aws: Aws, wanted: str) -> str:
    names = sorted({i.name for i in _described(aws) if i.state not in GONE})
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    return f"There are: {', '.join(names[:10])}" if names else "There are no instances here at all"
