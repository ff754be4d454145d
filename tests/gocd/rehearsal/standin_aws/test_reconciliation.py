"""How often a stand-in AWS looks at its load balancers: when asked, while things change, and else hardly."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from gocd.rehearsal.standin_aws.control.faults import Faults
from gocd.rehearsal.standin_aws.reconciliation import AT_REST, RESTS_AFTER, Reconciliation


@dataclass
class Plane:
    """A data plane without Envoy: *news* is called at each look."""

    looks: int = 0
    changes: int = 0
    unsettled: bool = False
    news: Callable[[], None] = lambda: None

    def look(self) -> None:
        self.looks += 1
        self.news()

    def show(self, pools: Sequence[Any], doors: Sequence[Any], unreachable: Collection[str]) -> None:
        pass


@dataclass
class Balancing:
    """A service that counts how often time passed for it."""

    steps: int = 0

    def advance(self) -> None:
        self.steps += 1

    def pools(self) -> list[Any]:
        return []

    doors = pools


@dataclass
class World:
    plane: Plane = field(default_factory=Plane)
    elb: Balancing = field(default_factory=Balancing)

    def __post_init__(self) -> None:
        self.reconciliation = Reconciliation(
            cast("Any", [self.elb]),
            cast("Any", self.elb),
            cast("Any", self.plane),
            cast("Any", []),
            Faults("eu-west-1"),
            threading.RLock(),
        )


@pytest.fixture
def world() -> World:
    return World()


def test_who_asks_is_told_what_is_so_now(world: World) -> None:
    world.reconciliation.catch_up()

    assert (world.plane.looks, world.elb.steps) == (1, 1)


def test_many_who_ask_at_once_are_told_of_one_look(world: World) -> None:
    for _ in range(5):
        world.reconciliation.catch_up()

    assert (world.plane.looks, world.elb.steps) == (1, 1)


def test_what_somebody_else_has_seen_takes_effect_before_the_next_answer(world: World) -> None:
    world.reconciliation.catch_up()
    world.plane.changes += 1
    world.reconciliation.catch_up()

    assert (world.plane.looks, world.elb.steps) == (1, 2)


def test_when_the_data_plane_does_not_answer_the_last_look_stands(world: World) -> None:
    def fails() -> None:
        raise ConnectionResetError

    world.plane.news = fails
    world.reconciliation.catch_up()

    assert world.elb.steps == 0


@pytest.mark.parametrize("unsettled", [False, True])
def test_at_rest_it_hardly_looks_unless_something_is_on_its_way(world: World, unsettled: bool) -> None:
    world.plane.unsettled = unsettled
    world.reconciliation.start()
    try:
        threading.Event().wait(RESTS_AFTER + AT_REST)
        before = world.plane.looks
        threading.Event().wait(1)
        looks = world.plane.looks - before
    finally:
        world.reconciliation.end()

    assert (looks > 4) is unsettled
