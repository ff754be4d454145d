"""What was before a switch, and how far it has come: kept in AWS, so that anybody can take users back.

In an SSM parameter for each place and green, as a tag holds no more than a few words.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from gocd.numbers import number, whole
from tasks.aws.api import Aws
from tasks.aws.parameter import Look, Parameter, names_under
from tasks.running.clock import Clock
from tasks.running.errors import Refused, TaskError
from tasks.switching.shares import Weights

PATH = "/gocd-tasks/switch"

# Bytes of a parameter that costs nothing (Systems Manager, PutParameter), less what its versions need.
MOST = 4096 - 100

# More than there can be, of turns as of instances.
MOST_COUNTED = 10**9

_WAY, _SIZE = "way ", "size "


class State(Enum):
    UNDER_WAY = "under way"
    DONE = "done"
    BACK = "back"


@dataclass(frozen=True)
class Switch:
    """One switch as it is remembered.

    Args:
        at: The percentage that green has had last, on all ways.
        heads: Those that some ways may have had since, in their order: the last is the one being written.
        ways: The weights of each way, by its key, before all of it.
        who: Who began it.
        since: When, in UTC.
        turn: Which one it is of those that led users at its place: a later one has a higher number.
        ids: What blue and green have that none of the same name has, made before or after; empty if unknown.
        sizes: How many instances each Auto Scaling group behind blue wanted before all of it, by its name.
        sets: What records were, and what they became, where their weights do not tell it.
    """

    blue: str
    green: str
    ways: Mapping[str, Weights]
    who: str
    since: str
    at: int = 0
    heads: tuple[int, ...] = ()
    state: State = State.UNDER_WAY
    turn: int = 0
    ids: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    sets: str = ""

    @property
    def to(self) -> int:
        """The percentage that green has, or is about to have."""
        return self.heads[-1] if self.heads else self.at

    @property
    def shares(self) -> tuple[int, ...]:
        """Those that a way may have."""
        return (self.at, *self.heads)

    def heading(self, share: int) -> "Switch":
        """Return the same on its way to another share."""
        return replace(self, heads=(*self.heads, share), state=State.UNDER_WAY)

    def ended(self, state: State, at: int) -> "Switch":
        """Return the same with all ways at one share."""
        return replace(self, state=state, at=at, heads=())

    def facts(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "blue": self.blue,
            "green": self.green,
            "at": self.at,
            "heads": " ".join(map(str, self.heads)),
            "state": self.state.value,
            "turn": self.turn,
            "ids": " ".join(self.ids),
            "who": self.who,
            "since": self.since,
        }
        if self.sets:
            told["sets"] = self.sets
        told |= {f"{_SIZE}{name}": size for name, size in self.sizes.items()}
        return {**told, **{f"{_WAY}{key}": _text(weights) for key, weights in self.ways.items()}}

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> "Switch":
        """Read what ``facts`` told.

        Raises:
            ValueError: It is something else.
        """
        try:
            ways = {
                key.removeprefix(_WAY): _weights(_text_of(text))
                for key, text in content.items()
                if key.startswith(_WAY)
            }
            at = _percent(content["at"])
            heads = tuple(_percent(whole(each)) for each in _text_of(content["heads"]).split())
            texts = {name: _text_of(content[name]) for name in ("blue", "green", "who", "since")}
            if datetime.fromisoformat(texts["since"]).tzinfo is None:
                raise ValueError(texts["since"])
            sets, ids = _text_of(content.get("sets", "")), _text_of(content.get("ids", "")).split()
            return cls(
                ways=ways,
                at=at,
                heads=heads,
                state=State(content["state"]),
                turn=_count(content.get("turn", 0)),
                sizes={
                    key.removeprefix(_SIZE): _count(size)
                    for key, size in content.items()
                    if key.startswith(_SIZE)
                },
                ids=tuple(ids),
                sets=sets,
                **texts,
            )
        except (KeyError, ValueError, TypeError):
            raise ValueError("it is no record of a switch") from None


@dataclass
class Record:
    """The record of one switch.

    Args:
        place: Where it is: the name of a load balancer or a record, in a form that SSM takes.
        name: Green's, with what part of the place it is about.
    """

    aws: Aws
    clock: Clock
    place: str
    name: str
    _seen: Look | None = field(default=None, init=False)

    @property
    def parameter(self) -> str:
        return f"{PATH}/{self.place}/{self.name}"

    def read(self) -> Switch | None:
        """Return what is remembered; None if nothing ever was.

        Raises:
            Refused: Nobody can read it.
        """
        self._seen = self._parameter.look()
        if not self._seen.version or not (self._seen.content or self._seen.unread):
            return None
        return self.of(self._seen.content)

    def again(self, known: Switch) -> None:
        """See that it is what was known of it, for what is written next to be written over that.

        Raises:
            Refused: It is not.
        """
        if self.read() != known:
            raise Refused(f"the parameter {self.parameter} was changed just now", "Run this again")

    def of(self, content: Mapping[str, Any]) -> Switch:
        """Return the switch that its content tells of.

        Raises:
            Refused: Nobody can read it.
        """
        try:
            return Switch.read(content)
        except ValueError as problem:
            raise Refused(f"the parameter {self.parameter} cannot be read: {problem}") from None

    def check(self, switch: Switch) -> None:
        """See that there is room for it.

        Raises:
            Refused: There is none.
        """
        if (size := len(json.dumps(switch.facts()).encode())) > MOST:
            what = f"{len(switch.ways)} rules are more than one parameter remembers ({size} of {MOST} bytes)"
            raise Refused(what, "Switch a listener at a time: --listener ARN")

    def write(self, switch: Switch) -> None:
        """Remember this.

        Raises:
            TaskError: Somebody else has written meanwhile.
        """
        seen = self._seen or self._parameter.look()
        self._seen = self._parameter.swap(seen, switch.facts())
        if self._seen is None:
            raise TaskError(f"someone else has written {self.parameter}, so another switch is under way")

    @property
    def _parameter(self) -> Parameter:
        return Parameter(self.aws, self.parameter, f"the record of the switch to {self.name}", self.clock)


def records(aws: Aws, clock: Clock, place: str) -> Sequence[Record]:
    """Return every record of a place."""
    names = [name.rpartition("/")[2] for name in names_under(aws, f"{PATH}/{place}")]
    return [Record(aws, clock, place, name) for name in names]


def _text(weights: Weights) -> str:
    return " ".join(f"{name}={weight}" for name, weight in weights.items())


def _weights(text: str) -> dict[str, int]:
    pairs = [each.rpartition("=") for each in text.split(" ")]
    if not all(
        name and weight.isascii() and weight.isdecimal() and len(weight) < 5 for name, _, weight in pairs
    ):
        raise ValueError(text)
    return {name: int(weight) for name, _, weight in pairs}


def _text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _count(value: Any) -> int:
    known = number(value, 0, MOST_COUNTED)
    if known is None or known != int(known):
        raise ValueError(value)
    return int(known)


def _percent(value: Any) -> int:
    known = number(value, 0, 100)
    if known is None or known != int(known):
        raise ValueError(value)
    return int(known)
