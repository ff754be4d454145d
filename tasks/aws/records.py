"""Records of Route 53 that lead to a load balancer or an instance.

Source: Route 53 API reference, ResourceRecordSet, AliasTarget (DNSName: one with ``dualstack.`` before it is
the same load balancer's).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tasks.aws.api import Aws

DUALSTACK = "dualstack."


def leading_to(aws: Aws, targets: Collection[str]) -> list[str]:
    """Return, in words, every record of every zone of the account that has one of these as its value.

    Args:
        targets: Names and addresses.

    Raises:
        AwsError: Route 53 does not answer, or not to this caller.
    """
    wanted = {_plain(each) for each in targets}
    return [
        title_of(record)
        for zone in aws.pages("route53", "list_hosted_zones", "HostedZones")
        for record in aws.pages(
            "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]
        )
        if wanted & set(_values(record))
    ]


def title_of(record: Mapping[str, Any]) -> str:
    """Tell in words which record set it is, and how much of its name."""
    return f"{record['Name'].rstrip('.')} {record['Type']} ({_share(record)})"


def _values(record: Mapping[str, Any]) -> Iterator[str]:
    if alias := record.get("AliasTarget"):
        yield _plain(alias["DNSName"])
    for value in record.get("ResourceRecords", []):
        yield _plain(value["Value"])


def _share(record: Mapping[str, Any]) -> str:
    """Tell how much it leads there: even one of weight 0 is what is left when no other is healthy."""
    kind = record.get("SetIdentifier", "")
    weight = record.get("Weight")
    return f"{kind}, weight {weight}" if weight is not None else kind or "all of it"


def _plain(name: str) -> str:
    return name.lower().rstrip(".").removeprefix(DUALSTACK)
