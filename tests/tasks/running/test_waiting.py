import pytest

from tasks.aws.errors import AwsError
from tasks.running.errors import TimedOut
from tasks.running.waiting import Missing, around, closely
from tests.fakes import Stage


def test_it_returns_what_was_waited_for() -> None:
    stage = Stage()

    found = stage.wait.until_done(
        lambda: "an answer" if stage.clock.now() >= 3 else Missing("not yet"), pace=lambda _: 1, within=10
    )

    assert found == "an answer"
    assert stage.clock.now() == 3


@pytest.mark.parametrize("value", [None, "", 0, False])
def test_what_was_waited_for_may_be_nothing(value: object) -> None:
    stage = Stage()

    assert stage.wait.until_done(lambda: value, pace=closely, within=10) == value
    assert stage.clock.now() == 0


def test_the_deadline_is_kept_to_the_second_and_the_last_words_are_told() -> None:
    stage = Stage()
    with pytest.raises(TimedOut, match="still cold after 10 s"):
        stage.wait.until_done(lambda: Missing("still cold"), pace=lambda _: 7, within=10)

    assert stage.clock.now() == 10


def test_what_cannot_get_better_is_raised_at_once() -> None:
    stage = Stage()

    def look() -> str:
        raise AwsError("gone for good", code="TargetGroupNotFound")

    with pytest.raises(AwsError, match="gone for good"):
        stage.wait.until_done(look, pace=closely, within=10)
    assert stage.clock.now() == 0


def test_a_failure_that_lasts_to_the_deadline_is_raised_as_it_is() -> None:
    stage = Stage()

    def look() -> str:
        raise AwsError("throttled", code="Throttling", passing=True)

    with pytest.raises(AwsError, match="throttled"):
        stage.wait.until_done(look, pace=closely, within=10)
    assert stage.clock.now() == 10


def test_a_rest_speaks_at_least_every_thirty_seconds() -> None:
    stage = Stage()
    stage.wait.rest(95, "settling")

    assert stage.lines == [f"settling, {second} s of 95 s" for second in (0, 30, 60, 90)]


def test_the_same_words_are_not_repeated_sooner() -> None:
    stage = Stage()
    stage.wait.until_done(
        lambda: Missing("cold") if stage.clock.now() < 29 else None, pace=lambda _: 1, within=60
    )

    assert stage.lines == ["cold, 0 s of up to 60 s"]


def test_around_looks_once_a_minute_before_and_closely_after() -> None:
    pace = around(300)

    assert pace(0) == 60
    assert pace(299) == pytest.approx(1.2)
    assert pace(300) == 1
    assert pace(320) == 5
