"""When there is evidence that a batch serves users well, and what is said of one that does not."""

import itertools
from collections.abc import Callable

import pytest

from tasks.balancing.batch import Batch
from tasks.running.errors import Refused
from tasks.traffic.so_far import EACH, Ask, Fare, Users, UsersHurt
from tests.fakes import Stage, instance

ONE, TWO = Batch((instance(1),)), Batch((instance(1), instance(2)))
BAD = "1 failed (1 HTTP 500); at most 0 allowed"


def traffic(stage: Stage, rate: float, lost: Callable[[float], int] = lambda _: 0, said: str = BAD) -> Ask:
    """So many requests a second since the clock began, of which so many are *lost* by a moment of it."""

    def ask() -> Fare:
        now = stage.clock.now()
        gone = lost(now)
        return Fare(int(100 + rate * now), gone, said if gone else "")

    return ask


@pytest.mark.parametrize(
    ("batch", "among", "seconds"),
    [(ONE, 6, 6 * EACH / 10), (ONE, 60, 60 * EACH / 10), (TWO, 6, 5), (TWO, 7, 4 * EACH / 10)],
)
def test_it_waits_until_everyone_of_the_batch_has_had_requests_and_for_the_time_that_was_asked_for(
    batch: Batch, among: int, seconds: float
) -> None:
    stage = Stage()
    Users(traffic(stage, rate=10), 5).see(batch, among, Fare(90, 0), stage.wait)

    assert max(seconds, 5) <= stage.clock.now() <= max(seconds, 5) + 5
    passes = f"the traffic passes so far, 0 of {100 + 10 * stage.clock.now() - 90:.0f} requests lost since"
    assert passes in stage.lines[-1]


def test_without_traffic_nobody_waits_and_nothing_is_said() -> None:
    stage = Stage()
    Users(lambda: None, 5).see(ONE, 2, None, stage.wait)

    assert (stage.clock.now(), stage.lines) == (0, [])


def test_few_requests_are_waited_for_a_minute_and_then_judged() -> None:
    stage = Stage()
    Users(traffic(stage, rate=0.1), 5).see(ONE, 100, Fare(100, 0), stage.wait)

    assert 60 <= stage.clock.now() < 66
    assert "0 of 6 requests lost since it came back" in stage.lines[-1]


def test_no_request_at_all_is_no_evidence() -> None:
    stage = Stage()
    with pytest.raises(UsersHurt, match="no request was recorded for 60 s") as hurt:
        Users(traffic(stage, rate=0), 5).see(ONE, 2, Fare(100, 0), stage.wait)

    assert hurt.value.since


def test_users_are_not_hurt_longer_than_it_takes_to_see() -> None:
    stage = Stage()
    users = Users(traffic(stage, rate=10, lost=lambda now: 7 if now >= 2 else 0), 30)
    with pytest.raises(UsersHurt) as hurt:
        users.see(ONE, 2, Fare(90, 0), stage.wait)

    assert stage.clock.now() == 2
    assert hurt.value.what == (
        f"the traffic failed after Staging-1 came back ({BAD}): users lost 7 of 30 requests since then, "
        "7 of 120 in all"
    )
    stage.clock.sleep(10)
    assert users.again(hurt.value, None).what.endswith(
        "users lost 7 of 130 requests since then, 7 of 220 in all"
    )


@pytest.mark.parametrize(("more", "since"), [(0, False), (1, True)])
def test_what_had_failed_before_is_held_against_it_only_if_more_is_lost(more: int, since: bool) -> None:
    stage = Stage()
    users = Users(traffic(stage, rate=10, lost=lambda _: 3 + more), 0)
    with pytest.raises(UsersHurt) as hurt:
        users.see(ONE, 2, Fare(100, 3, BAD), stage.wait)

    assert hurt.value.since is since
    assert hurt.value.what.startswith(
        f"the traffic failed before Staging-1 came back ({BAD}): users lost {more} of"
    )


def test_whoever_finishes_the_traffic_meanwhile_ends_the_wait() -> None:
    stage = Stage()
    told = [Fare(100, 0), Fare(101, 0)]
    Users(lambda: told.pop(0) if told else None, 5).see(ONE, 2, Fare(100, 0), stage.wait)

    assert stage.clock.now() == 1
    assert "Staging-1: the traffic was finished meanwhile" in stage.lines[-1]


def test_a_record_that_takes_long_to_read_is_read_seldom() -> None:
    stage = Stage()
    looks: list[float] = []

    def ask() -> Fare:
        looks.append(stage.clock.now())
        stage.clock.sleep(3)
        return Fare(int(stage.clock.now()), 0)

    Users(ask, 5).see(ONE, 4, None, stage.wait)

    assert [later - earlier for earlier, later in itertools.pairwise(looks[1:])] == [15, 15, 15]


def test_what_has_failed_already_is_refused_before_anything_is_done() -> None:
    stage = Stage()
    Users(traffic(stage, rate=10), 5).refuse_if_hurt()
    Users(lambda: None, 5).refuse_if_hurt()
    with pytest.raises(Refused, match="the traffic under way has failed already"):
        Users(traffic(stage, rate=10, lost=lambda _: 1), 5).refuse_if_hurt()
