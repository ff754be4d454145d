"""Watching takes one AWS call a second at most, and outlives an AWS that does not answer."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.aws.errors import AwsError, Denied
from tasks.looking.picture import Picture
from tasks.looking.watching import Changes, watch
from tests.fakes import EPOCH, FakeClock, Stage


class Enough(Exception):
    """Somebody has seen enough."""


class Looks:
    """Takes so many calls for each look, and as many seconds as it is told to."""

    def __init__(self, clock: FakeClock, calls: int, before: Callable[[int], None] = lambda _: None) -> None:
        self.moments: list[float] = []
        self._clock, self._calls, self._before = clock, calls, before

    def take(self) -> Picture:
        self.moments.append(self._clock.now())
        self._before(len(self.moments))
        return Picture(at=EPOCH, region="eu-west-1", calls=self._calls)


def watched(looks: Any, stage: Stage, enough: int) -> list[Picture]:
    seen: list[Picture] = []

    def show(picture: Picture) -> None:
        seen.append(picture)
        if len(seen) == enough:
            raise Enough

    with pytest.raises(Enough):
        watch(looks, show, stage.wait)
    return seen


@pytest.mark.parametrize(("calls", "seconds"), [(1, 2), (7, 7), (120, 120)])
def test_a_look_is_followed_by_a_second_for_each_of_its_calls(calls: int, seconds: int) -> None:
    stage = Stage()
    looks = Looks(stage.clock, calls)
    watched(looks, stage, 3)

    assert looks.moments == [0, seconds, 2 * seconds]


def test_no_answer_is_told_and_looked_beyond_and_a_refusal_ends_it() -> None:
    stage = Stage()

    def no_network(look: int) -> None:
        if look == 2:
            raise AwsError("AWS cannot be reached", passing=True)

    looks = Looks(stage.clock, 1, no_network)
    assert len(watched(looks, stage, 2)) == 2
    assert stage.lines == ["no word from AWS (AWS cannot be reached)"]

    def forbidden(_: int) -> None:
        raise Denied("AWS refused all of it", code="AccessDenied")

    with pytest.raises(Denied):
        watched(Looks(stage.clock, 1, forbidden), stage, 1)


def test_only_what_is_new_is_a_change() -> None:
    changes = Changes()

    assert changes.of(["one", "two"]) == ["one", "two"]
    assert changes.of(["one", "two"]) == []
    assert changes.of(["one", "three"]) == ["three"]
    assert changes.of(["one", "two"]) == ["two"]
