"""How things are at one moment, as far as it may be seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import Member, State
from tasks.balancing.absences import Absence
from tasks.deployers.noted import Noted
from tasks.locking.deployment_lock import Holding
from tasks.status.check import NoAnswer, Told
from tasks.switching.record import Switch


@dataclass(frozen=True)
class SeenBalancer:
    """One load balancer.

    Args:
        healthy: How many of *total* it calls healthy; None where it may not be seen.
        opens: Why it sends to unhealthy ones as well; empty if it does not.
        check: Its health check, for example ``GET :8080/_status``.
    """

    address: str
    name: str
    title: str
    healthy: int | None
    total: int
    opens: str = ""
    check: str = ""


@dataclass(frozen=True)
class Away:
    """What is remembered of an instance that was taken out.

    Args:
        who: Who took it out; empty where nobody knows.
    """

    absence: Absence
    who: str


@dataclass(frozen=True)
class SeenMachine:
    """One instance, or an address that is no instance's.

    Args:
        key: The instance's id; else what the load balancer calls it.
        members: What each load balancer that has it says of it, by address.
        away: What is remembered of those that it was taken out of, by address.
        lifecycle: Its state in its Auto Scaling group, as AWS has it; empty if it is in none.
        attached: The load balancers that its group registers its members with, by address.
        release: What was deployed to it last; None where nothing was noted.
        answer: What it answers itself; words where that is nothing, or not to be asked; None if not asked.
    """

    key: str
    instance: Instance | None
    members: Mapping[str, Member]
    away: Mapping[str, Away]
    lifecycle: str = ""
    attached: tuple[str, ...] = ()
    release: Noted | None = None
    answer: Told | NoAnswer | str | None = None

    @property
    def name(self) -> str:
        return self.instance.name if self.instance else self.key

    @property
    def states(self) -> set[State]:
        return {each.state for each in self.members.values()}

    @property
    def serves(self) -> bool:
        """Whether all is well with it: healthy wherever it belongs, and out of nothing."""
        running = self.instance is None or self.instance.state == "running"
        return running and self.states == {State.SERVING} and not self.away


@dataclass(frozen=True)
class SeenLock:
    """One lock.

    Args:
        holding: Who holds it; None if it is free.
        over: Why the holder can no longer be at work; empty if it may well be.
    """

    name: str
    holding: Holding | None
    over: str = ""

    @property
    def held(self) -> bool:
        return self.holding is not None and not self.over


@dataclass(frozen=True)
class Led:
    """A rule or listener that leads users to several target groups.

    Args:
        balancer: The name of its load balancer.
    """

    balancer: str
    title: str
    weights: Mapping[str, int]


@dataclass(frozen=True)
class SeenSwitch:
    """A switch that is remembered, or why its record cannot be read.

    Args:
        place: The load balancer, or the record.
    """

    place: str
    switch: Switch | None
    unread: str = ""


@dataclass(frozen=True)
class Unseen:
    """Something that the caller may not see, or that cannot be read; it may be there all the same."""

    what: str
    why: str


@dataclass(frozen=True)
class Picture:
    """All of it.

    Args:
        at: When, in UTC, by this machine's clock.
        absent: What was to be looked at and is not there, a line each.
        all_locks: Whether *locks* are all that were ever taken.
        calls: How many AWS calls the look took.
    """

    at: datetime
    region: str
    absent: tuple[str, ...] = ()
    balancers: tuple[SeenBalancer, ...] = ()
    machines: tuple[SeenMachine, ...] = ()
    locks: tuple[SeenLock, ...] = ()
    led: tuple[Led, ...] = ()
    switches: tuple[SeenSwitch, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    all_locks: bool = False
    calls: int = field(default=0, compare=False)
