"""Which of the switches at one place was the last: one that another has come after is nobody's way back."""

from collections.abc import Sequence
from typing import TypeVar

from tasks.aws.api import Aws
from tasks.aws.parameter import contents_under
from tasks.running.clock import Clock
from tasks.switching.record import PATH, Record, Switch

Remembered = tuple[Record, Switch]

# Where a switch is remembered, whatever stands for that.
Where = TypeVar("Where")


def remembered(aws: Aws, clock: Clock, place: str) -> list[Remembered]:
    """Return every switch that is remembered of a place.

    Raises:
        Refused: Nobody can read one of them.
    """
    found = []
    for name, content in contents_under(aws, f"{PATH}/{place}").items():
        record = Record(aws, clock, place, name.rpartition("/")[2])
        if switch := record.of(content) if content else record.read():
            found.append((record, switch))
    return found


def last_of(known: Sequence[tuple[Where, Switch]]) -> list[tuple[Where, Switch]]:
    """Return those that were the last to lead users by one of their ways at least."""
    last: dict[str, int] = {}
    for _, switch in known:
        for key in switch.ways:
            last[key] = max(last.get(key, 0), switch.turn)
    return [
        (where, switch) for where, switch in known if any(switch.turn == last[key] for key in switch.ways)
    ]


def next_turn(known: Sequence[tuple[Where, Switch]]) -> int:
    return 1 + max((switch.turn for _, switch in known), default=0)
