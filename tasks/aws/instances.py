"""EC2 instances, found by whatever a person calls them."""

import difflib
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.parts import parts
from tasks.running.errors import Refused

GONE = {"terminated", "shutting-down"}

# The tag by which Auto Scaling marks its members (AWS, autoscaling/ec2-auto-scaling-tagging).
GROUP_TAG = "aws:autoscaling:groupName"

# Values that one filter of a question may have (AWS, ec2/Using_Filtering).
MOST_VALUES = 200

# What finds instances by every private address of every interface, primary or not (EC2 API reference,
# DescribeInstances).
BY_IPV4 = "network-interface.addresses.private-ip-address"
BY_IPV6 = "network-interface.ipv6-addresses.ipv6-address"


class Handle(NamedTuple):
    """What a load balancer may call an instance: its id, or an address.

    Args:
        vpc: The VPC that *key* is an address in, as private ranges repeat from VPC to VPC; empty for an id,
            and for an address if nobody knows.
    """

    vpc: str
    key: str


@dataclass(frozen=True)
class Instance:
    """One EC2 instance as it was when looked up.

    Args:
        id: For example ``i-0a12b3c4``.
        name: What people read in every line: its Name tag, or its id if it has none or is a member of an
            Auto Scaling group, whose members all have the same.
        private_ip: Its primary private address; of IPv6 if it has no other.
        state: EC2's word: pending, running, stopping, stopped, shutting-down, terminated.
        tags: All its tags, the memory of earlier runs among them.
        vpc: The VPC that it was launched in.
        addresses: Every address of its network interfaces, secondary ones too, each with its VPC.
        windows: Whether it runs Windows (EC2 API reference, Instance: ``platform`` is empty for all others).
    """

    id: str
    name: str
    private_ip: str
    zone: str
    state: str
    tags: Mapping[str, str] = field(default_factory=dict)
    vpc: str = ""
    addresses: tuple[Handle, ...] = ()
    windows: bool = False

    @cached_property
    def handles(self) -> tuple[Handle, ...]:
        """All that a load balancer may call it."""
        return (Handle("", self.id), Handle("", self.private_ip), *self.addresses)

    def address_in(self, vpc: str) -> str:
        """The address by which a load balancer of that VPC reaches it; empty if it has none there."""
        return next((key for where, key in self.addresses if where == vpc), "")

    @property
    def to_run(self) -> str:
        """What to do so that it runs, a sentence for people."""
        if self.state == "stopped":
            return f"Start it first: aws ec2 start-instances --instance-ids {self.id}"
        return "Wait until it runs" if self.state == "pending" else f"Wait until it is no longer {self.state}"

    @property
    def group(self) -> str:
        """The Auto Scaling group that it is a member of, if any."""
        return self.tags.get(GROUP_TAG, "")


def find_instance(aws: Aws, wanted: str) -> Instance:
    """Return the one instance that *wanted* means: an id, a Name tag, a private IP or private DNS name.

    Raises:
        Refused: It means no instance, or more than one.
    """
    found = find_meant(aws, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(_told_apart(instance) for instance in found)
        raise Refused(f"{wanted} means {len(found)} instances: {several}", "Name one by its id")
    raise Refused(f"no instance is called {wanted} in {aws.region}", _nearest(aws, wanted))


def find_all(aws: Aws, ids: Iterable[str]) -> list[Instance]:
    """Return the instances with these ids, but for those that are gone."""
    return [instance for instance in _filtered(aws, "instance-id", *ids) if instance.state not in GONE]


def find_called(aws: Aws, handles: Iterable[Handle]) -> list[Instance]:
    """Return the instances that load balancers call so, but for those that are gone.

    Raises:
        Refused: An address without its VPC means more than one.
    """
    wanted = set(handles)
    found = called(aws, wanted)
    for handle in sorted(wanted):
        several = [each for each in found if handle in each.handles]
        if len(several) > 1:
            names = ", ".join(_told_apart(each) for each in several)
            raise Refused(f"{handle.key} means {len(several)} instances: {names}")
    return found


def zones(aws: Aws, instance_ids: Iterable[str]) -> dict[str, str]:
    """Return the Availability Zone of each instance, by id."""
    return {instance.id: instance.zone for instance in _filtered(aws, "instance-id", *instance_ids)}


def names(aws: Aws, handles: Iterable[Handle]) -> dict[Handle, str]:
    """Return the name of each instance, by what load balancers call it; for messages."""
    wanted = set(handles)
    known = called(aws, wanted)
    return {handle: instance.name for instance in known for handle in instance.handles if handle in wanted}


def tagged(aws: Aws, *keys: str) -> list[Instance]:
    """Return the instances that have a tag called as one of *keys*, but for those that are gone.

    Args:
        keys: An asterisk in one stands for any characters (AWS, ec2/Using_Filtering).
    """
    return [instance for instance in _filtered(aws, "tag-key", *keys) if instance.state not in GONE]


def find_meant(aws: Aws, wanted: str) -> list[Instance]:
    """Return every instance that *wanted* may mean, but for those that are gone."""
    return [instance for instance in _asked(aws, wanted) if instance.state not in GONE]


def _asked(aws: Aws, wanted: str) -> list[Instance]:
    if re.fullmatch(r"i-[0-9a-f]+", wanted):
        try:
            return _described(aws, InstanceIds=[wanted])
        except AwsError as error:
            if error.code.startswith("InvalidInstanceID"):
                return []
            raise
    if _is_address(wanted):
        return _with_addresses(aws, [plain(wanted)])
    named = [i for i in _filtered(aws, "tag:Name", wanted) if i.tags.get("Name") == wanted]
    if not named and "." in wanted:
        return _filtered(aws, "private-dns-name", wanted)
    return named


def plain(key: str) -> str:
    """Return an address of IPv6 in its shortest form, and anything else as it is."""
    return ipaddress.ip_address(key).compressed if ":" in key and _is_address(key) else key


def _is_address(key: str) -> bool:
    try:
        ipaddress.ip_address(key)
    except ValueError:
        return False
    return True


def _told_apart(instance: Instance) -> str:
    where = f" in {instance.vpc}" if instance.vpc else ""
    return f"{instance.id} ({instance.private_ip}{where})"


def called(aws: Aws, handles: set[Handle]) -> list[Instance]:
    """Return all instances that load balancers call so, but for those that are gone."""
    addresses = {key for _, key in handles if _is_address(key)}
    found = _filtered(aws, "instance-id", *({key for _, key in handles} - addresses))
    found += _with_addresses(aws, addresses)
    there = {each.id: each for each in found if each.state not in GONE}
    return [each for each in there.values() if handles & set(each.handles)]


def _with_addresses(aws: Aws, addresses: Iterable[str]) -> list[Instance]:
    wanted = set(addresses)
    by_ipv6 = {each for each in wanted if ":" in each}
    return _filtered(aws, BY_IPV4, *(wanted - by_ipv6)) + _filtered(aws, BY_IPV6, *by_ipv6)


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


def _instance(entry: Mapping[str, Any]) -> Instance:
    tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
    vpc = entry.get("VpcId", "")
    addresses = tuple(dict.fromkeys(_addresses(entry)))
    return Instance(
        id=entry["InstanceId"],
        name=entry["InstanceId"] if GROUP_TAG in tags else tags.get("Name") or entry["InstanceId"],
        private_ip=entry.get("PrivateIpAddress")
        or next((key for where, key in addresses if where == vpc), ""),
        zone=entry["Placement"]["AvailabilityZone"],
        state=entry["State"]["Name"],
        tags=tags,
        vpc=vpc,
        addresses=addresses,
        windows=entry.get("Platform", "").lower() == "windows",
    )


def _addresses(entry: Mapping[str, Any]) -> Iterator[Handle]:
    vpc = entry.get("VpcId", "")
    if primary := entry.get("PrivateIpAddress"):
        yield Handle(vpc, primary)
    # An interface may be in another VPC than the instance (EC2 user guide, multi-VPC ENI attachments).
    for interface in entry.get("NetworkInterfaces", []):
        where = interface.get("VpcId", vpc)
        yield from (
            Handle(where, each["PrivateIpAddress"]) for each in interface.get("PrivateIpAddresses", [])
        )
        yield from (Handle(where, plain(each["Ipv6Address"])) for each in interface.get("Ipv6Addresses", []))


def every_name(aws: Aws) -> list[str]:
    """Return the names of all instances, each once."""
    return sorted({i.name for i in _described(aws) if i.state not in GONE})


def _nearest(aws: Aws, wanted: str) -> str:
    names = every_name(aws)
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    return f"There are: {', '.join(names[:10])}" if names else "There are no instances here at all"
