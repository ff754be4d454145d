"""Records without shares as a way: those that lead to blue are replaced by ones that lead to green."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from tasks.aws.record_sets import Records, RecordSet, own
from tasks.running.errors import Refused
from tasks.running.waiting import Wait
from tasks.switching.by_name.end import leads
from tasks.switching.by_name.exchange import Exchanged
from tasks.switching.shares import Weights

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
    def read(cls, text: str) -> "Replacement":
        """Read what ``text`` told.

        Raises:
            Refused: It is something else.
        """
        try:
            former, led = json.loads(unquote(text))
            for each in (*former, *led):
                leads(each), key_of(each)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Refused("what the records were before is remembered in a way that cannot be read") from None
        return cls(former, led)


def key_of(record: RecordSet) -> Key:
    return str(record["Type"]), str(record.get("SetIdentifier", ""))


def replaced(records: Records, blue: str, green: str, what: Replacement, wait: Wait) -> Exchanged:
    """Return the way of those record sets; *blue* and *green* are the names of where they lead."""
    former = {key_of(each): each for each in what.former}
    led = {key_of(each): each for each in what.led}

    def told(there: Sequence[RecordSet]) -> Weights:
        now = {key_of(each): leads(each) for each in there}
        if _lead_as(now, former):
            return {blue: 1, green: 0}
        if _lead_as(now, led):
            return {blue: 0, green: 1}
        return dict.fromkeys((",".join(now.get(key, ("nothing",))) for key in former), 1)

    def changes(there: Sequence[RecordSet], weights: Weights) -> tuple[list[RecordSet], list[RecordSet]]:
        wanted = led if weights[green] else former
        away = [each for each in there if key_of(each) in wanted]
        return away, [_kept(wanted[key_of(each)], each) for each in away]

    return Exchanged(records, told, changes, wait)


def _lead_as(now: Mapping[Key, tuple[str, ...]], wanted: Mapping[Key, RecordSet]) -> bool:
    return all(now.get(key) == leads(record) for key, record in wanted.items())


def _kept(wanted: RecordSet, there: RecordSet) -> dict[str, Any]:
    """Have a record set lead elsewhere, and leave the TTL that it has."""
    both = "TTL" in wanted and "TTL" in there
    return {**wanted, "TTL": there["TTL"]} if both else {**wanted}
