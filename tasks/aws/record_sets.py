r"""The record sets of one name in one hosted zone of Route 53, read and exchanged.

Source: Route 53 API reference, ListHostedZones, ListResourceRecordSets (in the order of their names, where
``*`` is ``\052``), ChangeResourceRecordSets (a DELETE repeats all current values, and a batch is made whole
or not at all), GetChange, GetHealthCheckStatus (for no calculated one).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.running.errors import Refused, TaskError

RecordSet = Mapping[str, Any]

# What is left with every change of ours.
COMMENT = "gocd-tasks switch-traffic"

# Those that lead a client to a server by themselves.
KINDS = ("A", "AAAA", "CNAME", "HTTPS", "SVCB")


class Overtaken(Exception):
    """A batch was refused: what it says was there is not, or what it makes cannot be; in AWS's words."""


class Gone(TaskError):
    """The hosted zone is not there any more, or a health check that its records have."""


@dataclass(frozen=True)
class HostedZone:
    id: str
    name: str
    private: bool

    @property
    def title(self) -> str:
        return f"{self.id} ({'private' if self.private else 'public'})"


@dataclass(frozen=True)
class Records:
    """The record sets of *name* in a hosted zone."""

    aws: Aws
    zone: HostedZone
    name: str

    def read(self) -> list[RecordSet]:
        """Return those that lead clients, as they are now.

        Raises:
            Gone: The hosted zone is.
        """
        found: list[RecordSet] = []
        start: dict[str, Any] = {"StartRecordName": self.name}
        while start:
            with self._there():
                page = self.aws.call(
                    "route53", "list_resource_record_sets", self.name, HostedZoneId=self.zone.id, **start
                )
            records = page["ResourceRecordSets"]
            found += [each for each in records if plain(each["Name"]) == self.name]
            more = page["IsTruncated"] and plain(page["NextRecordName"]) == self.name
            start = {}
            if more:
                start = {"StartRecordName": self.name, "StartRecordType": page["NextRecordType"]}
                if identifier := page.get("NextRecordIdentifier"):
                    start["StartRecordIdentifier"] = identifier
        return [each for each in found if each["Type"] in KINDS]

    def exchange(self, there: Sequence[RecordSet], wanted: Sequence[RecordSet]) -> str:
        """Put these in the place of those, if those are exactly what is there; return the change's id.

        Raises:
            Overtaken: They are not; nothing is changed.
            Gone: The hosted zone is, or a health check of theirs.
        """
        changes = [{"Action": "DELETE", "ResourceRecordSet": own(each)} for each in there]
        changes += [{"Action": "CREATE", "ResourceRecordSet": own(each)} for each in wanted]
        try:
            with self._there():
                told = self.aws.call(
                    "route53",
                    "change_resource_record_sets",
                    self.name,
                    HostedZoneId=self.zone.id,
                    ChangeBatch={"Changes": changes, "Comment": COMMENT},
                )
        except AwsError as error:
            if error.code != "InvalidChangeBatch":
                raise
            raise Overtaken(error.what) from None
        return str(told["ChangeInfo"]["Id"])

    def in_sync(self, change: str) -> bool:
        """Whether all name servers know of a change."""
        told = self.aws.call("route53", "get_change", self.name, Id=change)["ChangeInfo"]
        return bool(told["Status"] == "INSYNC")

    def fails(self, check: str) -> bool:
        """Whether every place that asks by a health check calls it a failure.

        Raises:
            Refused: There is no such health check.
        """
        try:
            told = self.aws.call("route53", "get_health_check_status", check, HealthCheckId=check)
        except AwsError as error:
            if error.code == "InvalidInput":
                return False
            if error.code != "NoSuchHealthCheck":
                raise
            raise Refused(
                f"the health check {check}, which records of {self.name.rstrip('.')} have, is not there any "
                "more, and Route 53 changes no record that has it",
                "Take it out of the record first, or put another in its place",
            ) from None
        seen = [each.get("StatusReport", {}) for each in told["HealthCheckObservations"]]
        return bool(seen) and not any(str(each.get("Status", "")).startswith("Success") for each in seen)

    @contextmanager
    def _there(self) -> Iterator[None]:
        try:
            yield
        except AwsError as error:
            if error.code == "NoSuchHostedZone":
                raise Gone(f"the hosted zone {self.zone.id} of {self.name.rstrip('.')} is gone") from None
            if error.code == "NoSuchHealthCheck":
                raise Gone(f"a health check of {self.name.rstrip('.')} is gone ({error.what})") from None
            raise


def find_records(aws: Aws, name: str, zone: str | None) -> tuple[Records, list[HostedZone]]:
    """Return the records of a name, and the other hosted zones that have some of it.

    Args:
        zone: The id of the hosted zone that is meant.

    Raises:
        Refused: No hosted zone has any, or several have.
    """
    wanted = plain(name)
    holding = [
        Records(aws, each, wanted)
        for each in _zones(aws)
        if wanted == each.name or wanted.endswith(f".{each.name}")
    ]
    holding = [each for each in holding if _has_any(each)]
    meant = [each for each in holding if each.zone.id == zone.rpartition("/")[2]] if zone else holding
    told = wanted.rstrip(".")
    if not meant:
        where = f"the hosted zone {zone}" if zone else "no hosted zone of this account"
        words = f"{where} has no record of {told}" if zone else f"{where} has a record of {told}"
        there = ", ".join(each.zone.title for each in holding)
        raise Refused(words, f"There is one in {there}" if there else None)
    if len(meant) > 1:
        zones = ", ".join(each.zone.title for each in meant)
        raise Refused(f"{told} has records in several hosted zones: {zones}", "Switch each, with --zone ID")
    [records] = meant
    return records, [each.zone for each in holding if each is not records]


def _has_any(records: Records) -> bool:
    try:
        return bool(records.read())
    except Gone:
        return False


def plain(name: str) -> str:
    r"""Return a name as Route 53 tells it: in small letters, with a dot at its end, and ``*`` as ``\052``."""
    return name.lower().rstrip(".").replace("*", r"\052") + "."


def own(record: RecordSet) -> dict[str, Any]:
    """Return a record set to be sent, with what was told of it and nothing else."""
    return {name: _own(value) for name, value in record.items()}


def _own(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _own(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_own(each) for each in value]
    return value


def _zones(aws: Aws) -> list[HostedZone]:
    return [
        HostedZone(
            each["Id"].rpartition("/")[2],
            plain(each["Name"]),
            bool(each.get("Config", {}).get("PrivateZone")),
        )
        for each in aws.pages("route53", "list_hosted_zones", "HostedZones")
    ]
