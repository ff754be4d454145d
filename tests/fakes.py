"""Fakes that behave: a clock that only sleeping moves, and a load balancer that drains by that clock.

The contract tests hold the load balancer here to what the real kinds do on the stand-in AWS.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tasks.aws.instances import Handle, Instance
from tasks.aws.load_balancer import (
    NEVER,
    LoadBalancer,
    LoadBalancerKind,
    Member,
    Place,
    Roster,
    Settings,
    State,
    Threshold,
)
from tasks.aws.target import Port
from tasks.balancing.absences import Memory
from tasks.balancing.floor import Floor
from tasks.balancing.share import Share
from tasks.running.console import Color, Console
from tasks.running.events import EventFile
from tasks.running.log import Log
from tasks.running.waiting import Wait

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)


class FakeClock:
    """Time passes only by sleeping; *events* happen when it passes them; *set_by* is how somebody set it."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.set_by = 0.0
        self.events: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        end = self.elapsed + seconds
        for moment, happen in sorted(self.events, key=lambda event: event[0]):
            if moment <= end:
                self.events.remove((moment, happen))
                self.elapsed = max(self.elapsed, moment)
                happen()
        self.elapsed = end

    def wall(self) -> datetime:
        return EPOCH + timedelta(seconds=self.elapsed + self.set_by)

    def at(self, moment: float, happen: Callable[[], None]) -> None:
        self.events.append((moment, happen))


def instance(number: int, zone: str = "eu-west-1a", state: str = "running") -> Instance:
    return Instance(f"i-{number}", f"Staging-{number}", f"10.0.0.{number}", zone, state)


@dataclass
class FakeLoadBalancer(LoadBalancer):
    """A target group in memory: drains for its delay, joins after its warm-up."""

    kind = "target-group"

    clock: FakeClock
    name: str = "staging"
    drain: float = 30.0
    warm_up: float = 4.0
    slow_start: float = 0.0
    zonal: bool = False
    opens_below: Threshold = NEVER
    in_dns_from: Threshold = NEVER
    tells_idle: bool = False
    takes_back: bool = True
    lag: float = 0.0
    stays: str = ""
    uncounted: str = ""
    never_healthy: bool = False
    never_drained: bool = False
    before_look: Callable[[], None] = lambda: None
    before_register: Callable[[], None] = lambda: None
    before_deregister: Callable[[], None] = lambda: None
    members: dict[str, Member] = field(default_factory=dict)
    looks: list[float] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)

    title = property(lambda self: f"{self.name} (target group, port 8080)")

    def serve(self, *instances: Instance, state: State = State.SERVING, reason: str = "") -> None:
        for each in instances:
            self.members[each.id] = Member(each.id, state, reason, (8080,), each.zone)

    def settings(self) -> Settings:
        return Settings(
            drain=self.drain,
            tells_idle=self.tells_idle,
            drained_within=max(self.drain, self.lag) + 30,
            healthy_within=60,
            slow_start=self.slow_start,
            zonal=self.zonal,
            health_check="GET :8080/_status",
            lag=self.lag,
            stays=self.stays,
            uncounted=self.uncounted,
            opens_below=self.opens_below,
            in_dns_from=self.in_dns_from,
        )

    def roster(self, *instances: Instance) -> Roster:
        self.before_look()
        self.looks.append(self.clock.now())
        return Roster(tuple(self.members.values()))

    def register(self, places: Sequence[Place]) -> None:
        self.before_register()
        for place in places:
            self._join(place.instance, place.ports)

    def deregister(self, places: Sequence[Place]) -> None:
        self.before_deregister()
        for place in places:
            self._leave(place.instance, place.ports)

    def _join(self, instance: Instance, ports: tuple[Port, ...]) -> None:
        self.orders.append(f"register {instance.name} {ports}")
        before = self.members.get(instance.id)
        kept = before.ports if before and before.state is not State.LEAVING else ()
        ports = tuple(sorted({*kept, *(ports or (8080,))}, key=str))
        joined = Member(instance.id, State.JOINING, "", ports, instance.zone)
        self.members[instance.id] = joined

        def become_healthy() -> None:
            if self.members.get(instance.id) is joined:
                self.members[instance.id] = joined.wholly(State.SERVING)

        if not self.never_healthy:
            self.clock.at(self.clock.now() + self.warm_up, become_healthy)

    def _leave(self, instance: Instance, ports: tuple[Port, ...]) -> None:
        self.orders.append(f"deregister {instance.name} {ports}")
        if instance.id not in self.members:
            return
        before = self.members[instance.id]
        leaving = Member(instance.id, State.LEAVING, "", before.ports, before.zone, self.takes_back)
        self.members[instance.id] = leaving

        def leave() -> None:
            if self.members.get(instance.id) is leaving:
                del self.members[instance.id]

        if not self.never_drained:
            self.clock.at(self.clock.now() + self.drain, leave)


@dataclass(frozen=True)
class FakeLoadBalancers(LoadBalancerKind):
    """All that there are in memory."""

    balancers: Sequence[LoadBalancer]

    def all(self) -> Sequence[LoadBalancer]:
        return self.balancers


class FakeMemory(Memory):
    """A memory without AWS."""

    def __init__(self, by: str = "") -> None:
        self._by = by
        self._names = {}
        self._absences = {}
        self._orderers = {}

    def _tag(self, operation: str, ids: list[str], tags: list[dict[str, str]]) -> None:
        """Nothing is written anywhere."""


@dataclass(frozen=True)
class FakeNeighbours:
    """Knows Staging-1 to Staging-9 by their ids, and who is away."""

    away: tuple[str, ...] = ()

    def names(self, handles: Iterable[Handle]) -> dict[Handle, str]:
        return {each: each.key.replace("i-", "Staging-") for each in handles}

    def away_from(self, balancer: object) -> list[str]:
        return list(self.away)


def floor(minimum: int, percent: bool = False, away: tuple[str, ...] = ()) -> Floor:
    return Floor(Share(minimum, percent), FakeNeighbours(away))


class Stage:
    """All that a task is handed, and what it told."""

    def __init__(self, events: Path | None = None) -> None:
        self.clock = FakeClock()
        self.out = io.StringIO()
        self.err = io.StringIO()
        console = Console(self.out, self.err, Color.NEVER)
        self.log = Log(console, EventFile(events, "test", self.clock.wall, {}), self.clock)
        self.wait = Wait(self.clock, self.log)
        self.memory = FakeMemory()
        self.balancer = FakeLoadBalancer(self.clock)

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()
