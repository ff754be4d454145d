"""A name as it was found, and what a switch by it will do."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.aws.api import Aws
from tasks.aws.record_sets import HostedZone, Records, RecordSet, find_records
from tasks.switching.by_name.end import End, leads
from tasks.switching.by_name.follow import followed, lives
from tasks.switching.by_name.kinds import policy_of
from tasks.switching.by_name.weighted import id_of
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
        ttl: Seconds for which a resolver keeps what it was told.
        aliases: Names of the zone that are aliases of it, as they were followed.
    """

    records: Records
    others: Sequence[HostedZone]
    sets: Sequence[RecordSet]
    ttl: int
    aliases: Sequence[str] = ()

    @property
    def policy(self) -> str:
        return policy_of(self.sets[0])

    @property
    def title(self) -> str:
        return self.records.name.rstrip(".")

    def steps(self, told: str | None) -> tuple[int, ...]:
        """Return the shares that green is given: unless told, all at once but by a weighted record."""
        return parse_steps(told or (USUAL if self.policy == WEIGHTED else "100"))

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

    def failing(self) -> str | None:
        """Look whether Route 53 leads users elsewhere, as a health check of green's records fails."""
        ends = {*self.blue.values, *self.green.values}
        for each in self.name.sets:
            if self.name.policy == WEIGHTED:
                leads_there = id_of(each) == self.course.green
            else:
                leads_there = self.name.policy != "simple" and set(leads(each)) <= ends
            check = each.get("HealthCheckId")
            if check and leads_there and self.name.records.fails(check):
                return f"the health check {check} of {self.green.name} fails, so users are led elsewhere"
        return None

    @property
    def notes(self) -> Iterator[str]:
        """What whoever runs this has to know."""
        name = self.name
        kinds = " and ".join(dict.fromkeys(str(each["Type"]) for each in name.sets))
        zone = name.records.zone.title
        for alias in name.aliases:
            yield f"{alias}: an alias of {name.title}, so users are led by that"
        yield f"{name.title}: {name.policy}, {kinds}, in the hosted zone {zone}"
        yield (
            f"{name.title}: a resolver keeps an answer for {name.ttl} s, and some for longer; "
            "who is connected asks nobody"
        )
        if name.policy == WEIGHTED:
            yield f"{name.title}: shares are of the answers to resolvers, not of requests"
        elif any(each < 100 for each in self.steps):
            yield (
                f"{name.title}: weighted for as long as both have users, and {name.policy} again before and "
                "after that; shares are of the answers to resolvers, not of requests"
            )
        else:
            yield f"{name.title}: all at once, as only a weighted record has shares"
        yield from self._members
        for each in name.others:
            yield f"{name.title}: records in the hosted zone {each.title} are left as they are"
        if any(each.get("HealthCheckId") for each in name.sets if name.policy != WEIGHTED):
            yield f"{name.title}: its health check stays, be it one of {self.blue.name}"
        if any((each.get("AliasTarget") or {}).get("EvaluateTargetHealth") for each in name.sets):
            others = " and ".join(self._others)
            where = f"led to {others}" if others else "led there all the same, as there is no other record"
            yield (
                f"{name.title}: with EvaluateTargetHealth; whenever a target group of {self.green.name} has "
                f"nobody healthy, users are {where}"
            )
        if not self.green.balancer:
            yield f"{self.green.name}: no load balancer, so nobody tells whether it is healthy"

    @property
    def _others(self) -> Iterator[str]:
        """Name the members that users are led to when green is unwell."""
        for each in self.name.sets:
            if self.name.policy == WEIGHTED:
                stays = id_of(each) != self.course.green
            else:
                stays = not set(leads(each)) <= {*self.blue.values, *self.green.values}
            if stays:
                yield f"{each['Type']} ({each.get('SetIdentifier', '')})"

    @property
    def _members(self) -> Iterator[str]:
        """Say which of several records are replaced."""
        if self.name.policy in (WEIGHTED, "simple"):
            return
        told: dict[bool, list[str]] = {True: [], False: []}
        for each in self.name.sets:
            told[set(leads(each)) <= {*self.blue.values}].append(f"{each['Type']} ({each['SetIdentifier']})")
        if told[True]:
            yield f"{self.name.title}: {' and '.join(told[True])} lead to {self.blue.name}, and are replaced"
        if told[False]:
            yield f"{self.name.title}: {' and '.join(told[False])} are left as they are"

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
    records, sets, way = followed(found)
    return Name(records, others, sets, lives(records, sets), way)


def word(text: str) -> str:
    """Return a name of a parameter or a lock."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)
