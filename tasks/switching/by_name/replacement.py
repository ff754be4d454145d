"""What record sets were before a switch, and what they became: what their weights do not tell."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from gocd.json_text import read_json
from tasks.aws.record_sets import KINDS, RecordSet, own
from tasks.running.errors import Refused
from tasks.switching.by_name.end import leads

# The type and the identifier of a record set among those of one name.
Key = tuple[str, str]


@dataclass(frozen=True)
class Replacement:
    """Record sets as they were, and as they are to be, in the same order."""

    former: Sequence[RecordSet]
    led: Sequence[RecordSet]

    @property
    def text(self) -> str:
        """Tell it in one line, without the doubled braces that SSM takes for a reference."""
        told = [[own(each) for each in sets] for sets in (self.former, self.led)]
        return quote(json.dumps(told, separators=(",", ":")), safe='":,[]/ ')

    @classmethod
    def read(cls, text: str, name: str) -> "Replacement":
        """Read what ``text`` told of the record sets of *name*.

        Raises:
            Refused: It is something else.
        """
        try:
            former, led = read_json(unquote(text, errors="strict"))
            keys = [[_known(each, name) for each in sets] for sets in (former, led)]
        except (ValueError, TypeError, KeyError, AttributeError):
            raise _unreadable(name) from None
        if not former or keys[0] != keys[1] or len({*keys[0]}) < len(keys[0]):
            raise _unreadable(name)
        return cls(former, led)


def key_of(record: RecordSet) -> Key:
    return str(record["Type"]), str(record.get("SetIdentifier", ""))


def _known(record: Any, name: str) -> Key:
    """Return what a record set is known by, once it is seen to be one of this name that leads somewhere."""
    if record["Name"] != name or record["Type"] not in KINDS or not all(map(str, leads(record))):
        raise ValueError(record)
    if not leads(record) or not isinstance(record.get("SetIdentifier", ""), str):
        raise ValueError(record)
    if "TTL" in record and (type(record["TTL"]) is not int or record["TTL"] < 0):
        raise ValueError(record)
    if "AliasTarget" in record and type(record["AliasTarget"].get("EvaluateTargetHealth")) is not bool:
        raise ValueError(record)
    return key_of(record)


def _unreadable(name: str) -> Refused:
    return Refused(
        f"what the records of {name.rstrip('.')} were before is remembered in a way that cannot be read",
        "Nothing can be gone on with or taken back from there: lead users by hand, and delete the parameter "
        "under /gocd-tasks/switch that is about this name",
    )
