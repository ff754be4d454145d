from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from tasks.hosts.idleness import Idleness
from tasks.running.errors import TimedOut
from tasks.switching.silence import Silence, wait_for_silence
from tasks.switching.watch import NotWell
from tests.fakes import EPOCH, Stage


class Counts:
    """What a load balancer counts of blue: figures appear two minutes late, and none for nothing."""

    def __init__(self, stage: Stage, until: float) -> None:
        self.stage = stage
        self.minutes = {EPOCH + timedelta(minutes=number): 60 for number in range(-3, round(until / 60))}

    def __call__(self, since: datetime, until: datetime) -> Mapping[datetime, int]:
        late = EPOCH + timedelta(seconds=self.stage.clock.elapsed - 120)
        return {each: count for each, count in self.minutes.items() if since <= each < min(late, until)}


NOBODY = Idleness(0)


def well() -> None:
    """No user complains."""


def silence(
    stage: Stage, until: float, stays: float = 0, within: float = 900, held: Idleness = NOBODY
) -> Silence:
    return Silence("blue", EPOCH - timedelta(minutes=15), Counts(stage, until), lambda: held, stays, within)


def uncounted(*seen: Idleness, stays: float = 0, unproved: bool = False) -> Silence:
    """Blue without figures, and what its hosts say at each look, the last of it for ever."""
    looks = [*seen]

    def connected() -> Idleness:
        return looks.pop(0) if len(looks) > 1 else looks[0]

    def count(since: datetime, until: datetime) -> Mapping[datetime, int]:
        return {}

    return Silence("blue", EPOCH, count, connected, stays, 900, unproved)


def test_blue_is_silent_once_minutes_have_passed_without_a_request() -> None:
    stage = Stage()
    wait_for_silence(silence(stage, until=240), well, stage.wait)

    assert 240 + 180 <= stage.clock.elapsed < 240 + 240
    assert stage.lines[-2:] == [
        "blue: no request since 00:04 UTC",
        "blue: no connection open on its hosts",
    ]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (
            Idleness(2),
            "blue: 2 connections still open on its hosts, such as websockets, which no load balancer counts; "
            "they stay until they end, or until blue is deregistered",
        ),
        (
            Idleness(None, "its agent is away"),
            "blue: whether connections such as websockets are open is not known (its agent is away)",
        ),
    ],
)
def test_what_is_still_open_is_told_beside_and_not_waited_for(held: Idleness, told: str) -> None:
    stage = Stage()
    wait_for_silence(silence(stage, until=240, held=held), well, stage.wait)

    assert stage.lines[-1] == told
    assert stage.clock.elapsed < 240 + 240


def test_it_is_waited_for_only_as_long_as_users_are_well() -> None:
    stage = Stage()
    with pytest.raises(NotWell, match="users lose"):
        wait_for_silence(
            silence(stage, until=240),
            lambda: "users lose requests" if stage.clock.elapsed >= 60 else None,
            stage.wait,
        )

    assert stage.clock.elapsed == 60


def test_who_has_a_cookie_may_come_again_for_as_long_as_it_lasts() -> None:
    stage = Stage()
    wait_for_silence(silence(stage, until=240, stays=1200, within=2100), well, stage.wait)

    assert 240 + 1200 <= stage.clock.elapsed < 240 + 1200 + 60
    assert stage.lines[0] == (
        "blue: silent once it has had no request for 1200 s, as long as a cookie of it holds a client there"
    )
    assert stage.lines[-2:] == [
        "blue: no request since 00:04 UTC",
        "blue: no connection open on its hosts",
    ]


def test_whoever_still_comes_is_told() -> None:
    stage = Stage()
    with pytest.raises(TimedOut, match=r"blue: 60 requests in the minute of 00:1\d UTC after 900 s") as late:
        wait_for_silence(silence(stage, until=10**5), well, stage.wait)

    assert "access log" in str(late.value.advice)


@pytest.mark.parametrize(("stays", "after"), [(0, 60), (600, 600)])
def test_where_nothing_was_counted_its_hosts_are_asked_and_must_be_without_connections_for_a_while(
    stays: float, after: float
) -> None:
    stage = Stage()
    wait_for_silence(uncounted(Idleness(0), Idleness(2), Idleness(0), stays=stays), well, stage.wait)

    assert 180 + 40 + after <= stage.clock.elapsed <= 180 + 40 + after + 20
    assert "blue: 2 connections open on its hosts" in " ".join(stage.lines)
    assert stage.lines[-1] == f"blue: silent, as its hosts have had no connection for {after:.0f} s"


def test_who_is_still_connected_is_told() -> None:
    stage = Stage()
    with pytest.raises(TimedOut, match="blue: 1 connections open on its hosts after 900 s"):
        wait_for_silence(uncounted(Idleness(1)), well, stage.wait)


def test_what_nothing_tells_is_no_silence_unless_that_is_enough() -> None:
    stage, blind = Stage(), Idleness(None, "Blue-1 has no evidence (SSM does not manage it)")
    with pytest.raises(TimedOut, match=r"blue is silent cannot be told: .*; Blue-1 has no evid") as late:
        wait_for_silence(uncounted(blind), well, stage.wait)

    assert "--unproved" in str(late.value.advice)
    wait_for_silence(uncounted(blind, unproved=True), well, stage.wait)
    assert "whether blue is silent cannot be told" in stage.lines[-1]


def test_setting_the_time_of_day_makes_no_silence() -> None:
    stage = Stage()
    stage.clock.at(30, lambda: setattr(stage.clock, "set_by", 10**6))
    wait_for_silence(silence(stage, until=240), well, stage.wait)

    assert stage.clock.elapsed >= 240 + 180
