"""Aliases that lead users away from a load balancer while one of its target groups has nobody healthy.

Source: Route 53 API reference, AliasTarget, EvaluateTargetHealth: an Application or Network Load Balancer is
taken for healthy while every target group of it has a healthy target, and one without any targets has none.
Developer guide, How Amazon Route 53 chooses records when health checking is configured: users are led to
other records of that name; where there are none, or none is healthy, all are taken for healthy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.record_sets import RecordSet, plain
from tasks.aws.records import DUALSTACK, title_of

# Hosted zones that are looked through: each is a request or more of the few a second that there are.
MOST_ZONES = 100


@dataclass(frozen=True)
class EvaluatedAlias:
    """One of them, and where users are led in its place, in words."""

    title: str
    others: tuple[str, ...]


def evaluated_aliases(aws: Aws, address: str) -> tuple[list[EvaluatedAlias], int]:
    """Return those of the account's hosted zones, and how many zones there are beyond those looked through.

    Args:
        address: The load balancer's name in DNS.

    Raises:
        AwsError: Route 53 does not answer, or not to this caller.
    """
    zones = aws.pages("route53", "list_hosted_zones", "HostedZones")
    found = [
        alias
        for zone in zones[:MOST_ZONES]
        for alias in _of_zone(
            aws.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]),
            address,
        )
    ]
    return found, len(zones[MOST_ZONES:])


def _of_zone(records: Sequence[RecordSet], address: str) -> Iterator[EvaluatedAlias]:
    # A name is unwell once all that it consists of is; aliases of it may follow that as well.
    unwell = {_plain(address)}
    hit: list[RecordSet] = []
    while new := [each for each in records if _follows(each, unwell) and each not in hit]:
        hit += new
        unwell |= {each["Name"] for each in new if not _others(each, records, hit)}
    for each in hit:
        if others := _others(each, records, hit):
            yield EvaluatedAlias(title_of(each), tuple(title_of(other) for other in others))


def _follows(record: RecordSet, unwell: set[str]) -> bool:
    alias = record.get("AliasTarget")
    return bool(alias and alias["EvaluateTargetHealth"] and _plain(alias["DNSName"]) in unwell)


def _others(record: RecordSet, records: Sequence[RecordSet], hit: Sequence[RecordSet]) -> list[RecordSet]:
    """Return what is left of a name for those who ask."""
    return [
        each
        for each in records
        if (each["Name"], each["Type"]) == (record["Name"], record["Type"]) and each not in hit
    ]


def _plain(name: str) -> str:
    return plain(name).removeprefix(DUALSTACK)
