"""Record sets of a zone, in the shape that the API has them in.

Source: Route 53 API reference, ResourceRecordSet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

RecordSet = Mapping[str, Any]

# Of a name and a type there is one, or as many as there are identifiers.
Key = tuple[str, str, str]

# What makes a record set one of several, and which rule of choosing it is under.
POLICIES = (
    "Weight",
    "Region",
    "Failover",
    "GeoLocation",
    "GeoProximityLocation",
    "CidrRoutingConfig",
    "MultiValueAnswer",
    "AZAffinity",
)


def plain(name: str) -> str:
    r"""Write a name as Route 53 keeps it: in small letters, with a dot at its end and ``*`` as ``\052``."""
    return name.lower().rstrip(".").replace("*", r"\052") + "."


def key_of(record: RecordSet) -> Key:
    return plain(record["Name"]), str(record["Type"]), str(record.get("SetIdentifier") or "")


def order_of(key: Key) -> tuple[list[str], str, str]:
    """Sort as Route 53 lists: by the labels of the name from its end, then by type, then by identifier."""
    name, kind, identifier = key
    return list(reversed(name.rstrip(".").split("."))), kind, identifier


def policy_of(record: RecordSet) -> str:
    """Give the rule of choosing that a record set is under; empty if it stands alone."""
    return next((each for each in POLICIES if record.get(each) is not None), "")


def kept(record: RecordSet) -> dict[str, Any]:
    """Give a record set as it is kept, with all that was told of it and nothing else."""
    told = {name: value for name, value in record.items() if value not in (None, "", [], {})}
    told |= {name: record[name] for name in ("Weight", "TTL") if record.get(name) not in (None, "")}
    told["Name"] = plain(record["Name"])
    for number in ("Weight", "TTL"):
        if number in told:
            told[number] = int(told[number])
    if alias := told.get("AliasTarget"):
        health = str(alias["EvaluateTargetHealth"]).lower() == "true"
        name = plain(str(alias["DNSName"]))
        told["AliasTarget"] = {**alias, "DNSName": name, "EvaluateTargetHealth": health}
    if "MultiValueAnswer" in told:
        told["MultiValueAnswer"] = str(told["MultiValueAnswer"]).lower() == "true"
    return told


def same(one: RecordSet, other: RecordSet) -> bool:
    """Whether two have the same values: of several records, in any order."""
    return _comparable(one) == _comparable(other)


def values(record: RecordSet) -> list[str]:
    return [str(each["Value"]) for each in record.get("ResourceRecords", [])]


def those_of(records: Iterable[RecordSet], name: str, kind: str) -> Iterator[RecordSet]:
    return (each for each in records if key_of(each)[:2] == (plain(name), kind))


def matches(record: RecordSet, name: str) -> bool:
    """Whether a record set answers for a name: its own, or any in place of its ``*``."""
    pattern = re.escape(record["Name"]).replace(re.escape(r"\052"), r"[^.]+(\.[^.]+)*")
    return re.fullmatch(pattern, plain(name)) is not None


def _comparable(record: RecordSet) -> dict[str, Any]:
    return {**kept(record), "ResourceRecords": sorted(values(record))}
