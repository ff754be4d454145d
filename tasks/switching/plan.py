"""What a switch at a load balancer will do, before anything is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tasks.aws.side import Side
from tasks.switching.enough import Enough
from tasks.switching.record import Record, Switch
from tasks.switching.rules import Found
from tasks.switching.shares import words_of
from tasks.switching.way import Course

# Seconds in which a Network Load Balancer's nodes may go on by the weights before (ECS developer guide,
# Network Load Balancer resources for blue/green deployments: ten minutes at every stage), and in which
# connections may stay with their group (Network Load Balancers guide, Update listener rules).
NETWORK_LAG, NETWORK_STAYS = 600.0, 3600


@dataclass(frozen=True)
class Place:
    """Where users come in.

    Args:
        load_balancer: Its name or ARN, with ``:PORT`` for one of its listeners.
        listener: The ARN of one; either of the two is given.
    """

    load_balancer: str | None
    listener: str | None


@dataclass(frozen=True)
class Plan:
    """A switch before it is made.

    Args:
        new: Whether it begins, and does not go on.
        steps: The percentages that are left to go through; none if green has as much already.
        stacks: CloudFormation's that have made the rules.
        aside: Who is led elsewhere while green enters, in words.
    """

    found: Found
    blue: Side
    green: Side
    courses: tuple[Course, ...]
    record: Record
    switch: Switch
    new: bool
    steps: tuple[int, ...]
    enough: Enough
    stacks: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def locks(self) -> list[str]:
        return sorted({rule.lock for rule in self.found.rules})

    @property
    def lag(self) -> float:
        return NETWORK_LAG if self.found.balancer.network else 0.0

    @property
    def began(self) -> datetime:
        return datetime.fromisoformat(self.switch.since)

    @property
    def notes(self) -> Iterator[str]:
        """What whoever runs this has to know."""
        for rule in self.found.answering:
            yield f"{rule.title}: answers by itself, so nothing is to be moved"
        for rule in self.found.elsewhere:
            yield f"{rule.title}: leads to {self.blue.name} as well, and is left as it is"
        if stays := self.found.stays:
            yield f"clients with a cookie of {self.blue.name} stay with it for up to {stays} s"
        if self.found.balancer.network:
            yield (
                f"{self.found.balancer.name}: a Network Load Balancer, which follows within "
                f"{NETWORK_LAG:.0f} s; connections may stay with {self.blue.name} for up to {NETWORK_STAYS} s"
            )
        yield from self.aside
        for stack in self.stacks:
            yield f"these rules are CloudFormation's: an update of stack {stack} may put their weights back"

    @property
    def lines(self) -> Iterator[str]:
        """What would be done, a line each."""
        yield from self.notes
        for course in self.courses:
            weights = [course.former, *(course.at(share) for share in (0, *self.steps))]
            shown = dict.fromkeys(words_of(each) for each in weights)
            yield f"{course.way.title}: {' -> '.join(shown)}"
        for share in self.steps:
            yield f"{self.green.name}: {share}% of users take {self.enough.needed(share)} healthy"
