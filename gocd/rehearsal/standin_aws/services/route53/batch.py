"""A batch of changes, held against the whole of what a zone would have after it: all of them or none.

Sources: Route 53 API reference, ChangeResourceRecordSets (a DELETE repeats all current values; a batch is
one transaction) and ResourceRecordSet; developer guide, Supported DNS record types, Choosing between alias
and non-alias records. The refusals are in the words that users met (kubernetes-sigs/external-dns issues 449,
1411 and 4345; hashicorp/terraform-provider-aws issue 15622).
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gocd.rehearsal.standin_aws.services.route53.record_sets import (
    Key,
    RecordSet,
    kept,
    key_of,
    plain,
    policy_of,
    same,
    those_of,
    values,
)

Records = Mapping[Key, RecordSet]

MOST_MEMBERS, HEAVIEST, LONGEST_TTL = 100, 255, 2**31 - 1


class InvalidBatch(Exception):
    """Nothing of it is applied; its arguments say why."""


@dataclass(frozen=True)
class Surroundings:
    """What a zone's records may refer to.

    Args:
        apex: The zone's own name.
        zone: Its id.
        checks: The ids of the health checks that there are.
        lies_within: Whether a name lies within a hosted zone that is AWS's own, by its id.
    """

    apex: str
    zone: str
    checks: Mapping[str, Any]
    lies_within: Callable[[str, str], bool]


def applied(records: Records, changes: Sequence[Mapping[str, Any]], around: Surroundings) -> Records:
    """Give the records after a batch.

    Raises:
        InvalidBatch: Something is wrong with one of its changes, or with what they would make together.
    """
    wrong = [*_repeated(changes)]
    after: dict[Key, RecordSet] = dict(records)
    for change in changes:
        wrong += _changed(after, change["Action"], kept(change["ResourceRecordSet"]))
    touched = {key_of(change["ResourceRecordSet"])[0] for change in changes}
    for known in after.values():
        if known["Name"] in touched:
            wrong += _alone(known, around)
    for name in sorted(touched):
        wrong += _beside(name, after)
    wrong += _aliases(after, around)
    if wrong:
        raise InvalidBatch(*dict.fromkeys(wrong))
    return after


def _repeated(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    counted = Counter((each["Action"], key_of(each["ResourceRecordSet"])) for each in changes)
    for (_, (name, kind, _identifier)), count in counted.items():
        if count > 1:
            yield f"The request contains an invalid set of changes for a resource record set '{kind} {name}'"


def _changed(after: dict[Key, RecordSet], action: str, record: dict[str, Any]) -> Iterator[str]:
    key = key_of(record)
    title = f"[name='{key[0]}', type='{key[1]}'" + (f", set-identifier='{key[2]}']" if key[2] else "]")
    if action == "DELETE":
        if key not in after:
            yield f"Tried to delete resource record set {title} but it was not found"
        elif not same(after[key], record):
            yield (
                f"Tried to delete resource record set {title} but the values provided do not match the "
                "current values"
            )
        else:
            del after[key]
        return
    if action == "CREATE" and key in after:
        yield f"Tried to create resource record set {title} but it already exists"
        return
    after[key] = record


def _alone(record: RecordSet, around: Surroundings) -> Iterator[str]:
    """Say what is wrong with a record set by itself."""
    name, kind, identifier = key_of(record)
    if name != around.apex and not name.endswith(f".{around.apex}"):
        yield f"RRSet with DNS name {name} is not permitted in zone {around.apex}"
    if kind == "CNAME" and name == around.apex:
        yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {around.apex}"
    policies = [each for each in (policy_of(record),) if each]
    if bool(identifier) != bool(policies):
        yield f"Invalid request: SetIdentifier and a routing policy go together in {kind} {name}"
    if "AliasTarget" in record and policy_of(record) == "MultiValueAnswer":
        yield f"RRSet with DNS name {name}, type {kind} is a multivalue answer and cannot be an alias"
    if not 0 <= record.get("Weight", 0) <= HEAVIEST:
        yield f"Value '{record['Weight']}' at 'weight' failed to satisfy constraint: 0 to {HEAVIEST}"
    if not 0 <= record.get("TTL", 0) <= LONGEST_TTL:
        yield f"Value '{record['TTL']}' at 'tTL' failed to satisfy constraint: 0 to {LONGEST_TTL}"
    alias, plain_one = "AliasTarget" in record, {"TTL", "ResourceRecords"} <= record.keys()
    policy = "TrafficPolicyInstanceId" in record
    if alias + plain_one + policy != 1 or (alias and {"TTL", "ResourceRecords"} & record.keys()):
        found = "more than one" if alias or policy else "none"
        yield (
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            f"TrafficPolicyInstanceId], but found {found} in Change with "
            f"[Name={name}, Type={kind}]"
        )
    one = kind == "CNAME" or policy_of(record) == "Weight"
    if one and len(values(record)) > 1:
        yield f"RRSet with DNS name {name}, type {kind} contains more than one resource record"
    versions = {"A": 4, "AAAA": 6}
    for value in values(record) if kind in versions else ():
        if _version(value) != versions[kind]:
            yield f"Invalid Resource Record: 'FATAL problem: {kind} record value {value} is no address'"
    if (check := record.get("HealthCheckId")) and check not in around.checks:
        yield f"NoSuchHealthCheck: a health check with id {check} does not exist"


def _beside(name: str, after: Records) -> Iterator[str]:
    """Say which records of one name cannot be beside each other."""
    kinds = {key[1] for key in after if key[0] == name}
    if "CNAME" in kinds and len(kinds) > 1:
        others = ", ".join(sorted(kinds - {"CNAME"}))
        yield (
            f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records "
            f"with the same DNS name in the zone: {others}"
        )
    for kind in sorted(kinds):
        members = list(those_of(after.values(), name, kind))
        if len(members) > 1:
            yield from _members(name, kind, members)


def _members(name: str, kind: str, members: Sequence[RecordSet]) -> Iterator[str]:
    policies = {policy_of(each) for each in members}
    if len(policies) > 1:
        yield (
            f"RRSet with DNS name {name}, type {kind} cannot be created as other RRSets exist with the same "
            "name and type"
        )
    if len(members) > MOST_MEMBERS:
        yield f"More than {MOST_MEMBERS} RRSets with DNS name {name}, type {kind}"
    if policies == {"Weight"} and len({each["TTL"] for each in members if "TTL" in each}) > 1:
        yield f"RRSets with DNS name {name}, type {kind} have different TTLs"
    roles = Counter(each["Failover"] for each in members if "Failover" in each)
    for role, count in roles.items():
        if count > 1:
            yield f"RRSet with DNS name {name}, type {kind}: there is a {role} already"


def _aliases(after: Records, around: Surroundings) -> Iterator[str]:
    for record in after.values():
        if not (alias := record.get("AliasTarget")):
            continue
        target, kind = plain(alias["DNSName"]), record["Type"]
        title = f"Tried to create an alias that targets {target}, type {kind} in zone {alias['HostedZoneId']}"
        if alias["HostedZoneId"] == around.zone:
            if not any(those_of(after.values(), target, kind)):
                yield f"{title}, but that target was not found"
        elif not around.lies_within(target, alias["HostedZoneId"]):
            yield f"{title}, but the alias target name does not lie within the target zone"


def _version(value: str) -> int:
    try:
        return ipaddress.ip_address(value).version
    except ValueError:
        return 0
