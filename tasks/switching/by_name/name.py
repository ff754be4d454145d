"""A name as it was found, and what a switch by it will do."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.aws.api import Aws
from tasks.aws.record_sets import HostedZone, Records, RecordSet, find_records
from tasks.running.errors import Refused
from tasks.switching.by_name.end import BALANCER_TTL, End
from tasks.switching.by_name.kinds import addresses, policy_of
from tasks.switching.enough import Enough
from tasks.switching.record import Record, Switch
from tasks.switching.shares import words_of
from tasks.switching.steps import USUAL, parse_steps
from tasks.switching.way import Course

WEIGHTED = "weighted"


@dataclass(frozen=True)
class Name:
    """A name as it was found.

    Args:
        others: Hosted zones that have records of it as well.
        sets: Its record sets that lead clients.
    """

    records: Records
    others: Sequence[HostedZone]
    sets: Sequence[RecordSet]

    @property
    def policy(self) -> str:
        return policy_of(self.sets[0])

    @property
    def ttl(self) -> int:
        """Seconds for which a resolver keeps what it was told."""
        return max(int(each.get("TTL", BALANCER_TTL)) for each in self.sets)

    @property
    def title(self) -> str:
        return self.records.name.rstrip(".")

    def steps(self, told: str) -> tuple[int, ...]:
        """Return the shares that green can be given, of those that were asked for.

        Raises:
            Refused: Some cannot.
        """
        steps = parse_steps(told)
        if self.policy == WEIGHTED or steps == (100,):
            return steps
        if told != USUAL:
            raise Refused(
                f"{self.title} is no weighted record ({self.policy}), so green can have no share of users",
                "Leave --steps out, or make it a weighted record first",
            )
        return (100,)

    @property
    def place(self) -> str:
        """What it is remembered under."""
        return f"{self.records.zone.id}/{word(self.title)}"


@dataclass(frozen=True)
class NamePlan:
    """A switch before it is made.

    Args:
        new: Whether it begins, and does not go on.
        steps: The percentages that are left to go through; none if green has as much already.
    """

    name: Name
    blue: End
    green: End
    course: Course
    record: Record
    switch: Switch
    new: bool
    steps: tuple[int, ...]
    enough: Enough

    @property
    def locks(self) -> list[str]:
        return [f"record:{word(self.name.title)}:{self.name.records.zone.id}"]

    @property
    def began(self) -> datetime:
        return datetime.fromisoformat(self.switch.since)

    @property
    def notes(self) -> Iterator[str]:
        """What whoever runs this has to know."""
        name = self.name
        kinds = " and ".join(dict.fromkeys(str(each["Type"]) for each in name.sets))
        zone = name.records.zone.title
        yield f"{name.title}: {name.policy}, {kinds}, in the hosted zone {zone}"
        yield (
            f"{name.title}: a resolver keeps an answer for {name.ttl} s, and some for longer; "
            "who is connected asks nobody"
        )
        if name.policy == WEIGHTED:
            yield f"{name.title}: shares are of the answers to resolvers, not of requests"
        else:
            yield f"{name.title}: all at once, as only a weighted record has shares"
        for each in name.others:
            yield f"{name.title}: records in the hosted zone {each.title} are left as they are"
        if any(each.get("HealthCheckId") for each in name.sets if name.policy != WEIGHTED):
            yield f"{name.title}: its health check stays, be it one of {self.blue.name}"
        if any((each.get("AliasTarget") or {}).get("EvaluateTargetHealth") for each in name.sets):
            yield (
                f"{name.title}: with EvaluateTargetHealth; a load balancer with one target group that has "
                "nobody healthy counts as unwell"
            )
        if not self.green.balancer:
            yield f"{self.green.name}: no load balancer, so nobody tells whether it is healthy"

    @property
    def lines(self) -> Iterator[str]:
        """What would be done, a line each."""
        yield from self.notes
        first = (0,) if self.name.policy == WEIGHTED else ()
        weights = [self.course.former, *(self.course.at(share) for share in (*first, *self.steps))]
        shown = dict.fromkeys(words_of(each) for each in weights)
        yield f"{self.name.title}: {' -> '.join(shown)}"


def find_name(aws: Aws, name: str, zone: str | None) -> Name:
    """Return a name with its record sets.

    Raises:
        Refused: There is none, or none to lead clients by.
    """
    found, others = find_records(aws, name, zone)
    return Name(found, others, addresses(found.read(), found.zone.id))


def word(text: str) -> str:
    """Return a name of a parameter or a lock."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)
