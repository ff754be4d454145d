"""Ways, environments and a record in memory, for the order of things."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tasks.switching.enough import Enough
from tasks.switching.moving import Moving
from tasks.switching.record import Record, Switch
from tasks.switching.shares import Weights, share_of
from tasks.switching.switch import Going
from tasks.switching.watch import Evidence, Watch
from tasks.switching.way import Course
from tests.fakes import Stage


@dataclass
class FakeWay:
    """A rule in memory; *stale* answers are told before what stands there."""

    key: str = "rule"
    now: Weights = field(default_factory=lambda: {"blue": 1})
    heaviest: int = 999
    lets_go: bool = False
    before_write: Callable[[], None] = lambda: None
    history: list[Weights] = field(default_factory=list)
    stale: list[Weights] = field(default_factory=list)

    title = property(lambda self: f"HTTP:80 of web, {self.key}")

    def stands(self) -> Weights:
        return self.stale.pop(0) if self.stale else self.now

    def write(self, weights: Weights) -> None:
        self.before_write()
        self.now = weights
        self.history.append(weights)

    @property
    def shares(self) -> list[float]:
        """The percentages that green was given, one after the other."""
        return [share_of(each, "blue", "green") for each in self.history]


@dataclass
class FakeEnvironment:
    name: str
    healthy_now: int = 2

    def healthy(self) -> int:
        return self.healthy_now

    def trouble(self) -> str:
        return ""


class FakeRecord(Record):
    def __init__(self) -> None:
        self.written: list[Switch] = []

    def write(self, switch: Switch) -> None:
        self.written.append(switch)


class Scene:
    """Blue and green, the ways between them, and whoever leads users along."""

    def __init__(self, *ways: FakeWay) -> None:
        self.stage = Stage()
        self.ways = ways or (FakeWay(),)
        self.blue, self.green = FakeEnvironment("blue"), FakeEnvironment("green")
        self.record = FakeRecord()
        self.during: list[Evidence] = []
        self.after: list[Callable[[int], str | None]] = []

    def moving(self, at: int = 0, heads: tuple[int, ...] = ()) -> Moving:
        courses = [Course(way, dict(way.now), "blue", "green") for way in self.ways]
        former = {way.key: way.now for way in self.ways}
        if at or heads:
            courses = [Course(way, {"blue": 1}, "blue", "green") for way in self.ways]
        switch = Switch("blue", "green", former, "somebody", "2026-01-01T00:00:00+00:00", at, heads)
        return Moving(courses, self.record, switch, lambda: None, self.stage.wait)

    def going(self, *steps: int, settle: float = 60) -> Going:
        enough = Enough(self.green, 2, "blue has 2")
        watch = Watch(enough, self.during, self.after, settle)
        return Going(self.blue, self.green, steps, watch, 60)
