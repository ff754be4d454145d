"""What is not as it was of some record sets, in words."""

from collections.abc import Sequence
from typing import Any

from tasks.aws.record_sets import RecordSet


def differing(before: Sequence[RecordSet], after: Sequence[RecordSet]) -> str:
    """Return what has changed between two looks; empty if nothing has."""
    was, now = ({_key(each): each for each in records} for records in (before, after))
    told = [f"{_title(key)} is there" for key in now.keys() - was.keys()]
    told += [f"{_title(key)} is gone" for key in was.keys() - now.keys()]
    for key in was.keys() & now.keys():
        fields = dict.fromkeys([*was[key], *now[key]])
        for name in fields:
            one, other = was[key].get(name), now[key].get(name)
            if one != other:
                told.append(f"{_title(key)} has {name} {_shown(other)}, not {_shown(one)},")
    return " and ".join(sorted(told))


def _key(record: RecordSet) -> tuple[str, str]:
    return str(record["Type"]), str(record.get("SetIdentifier") or "")


def _title(key: tuple[str, str]) -> str:
    kind, identifier = key
    return f"{kind} ({identifier})" if identifier else kind


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, (list, tuple)):
        return ",".join(str(each.get("Value", each)) for each in value)
    return str(value.get("DNSName", value)) if hasattr(value, "get") else str(value)
