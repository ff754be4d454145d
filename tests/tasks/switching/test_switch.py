import signal

import pytest

from tasks.running.errors import Cancelled, Refused, TaskError
from tasks.switching.enough import Enough
from tasks.switching.moving import SomeoneElse
from tasks.switching.record import State
from tasks.switching.switch import go_back, switch
from tasks.switching.watch import NotWell
from tests.tasks.switching.fakes import FakeWay, Scene


def test_green_is_put_beside_blue_without_users_and_given_them_in_steps() -> None:
    scene = Scene()
    switch(scene.moving(), scene.going(10, 50, 100), scene.stage.wait)

    assert scene.ways[0].shares == [0, 10, 50, 100]
    assert scene.stage.clock.elapsed == 180
    assert scene.record.written[-1].at == 100


def test_every_way_has_a_share_before_any_has_the_next() -> None:
    scene = Scene(FakeWay("one"), FakeWay("two"))
    together: list[tuple[int, int]] = []
    for way in scene.ways:
        way.before_write = lambda: together.append(tuple(len(each.history) for each in scene.ways))  # type: ignore[arg-type]
    switch(scene.moving(), scene.going(50, 100), scene.stage.wait)

    assert together == [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (3, 2)]


def test_what_is_going_to_be_written_is_remembered_before() -> None:
    scene = Scene()
    remembered: list[int] = []
    scene.ways[0].before_write = lambda: remembered.append(scene.record.written[-1].to)
    moving = scene.moving()
    moving.begin()
    switch(moving, scene.going(10, 100), scene.stage.wait)

    assert remembered == [0, 10, 100]


def test_green_gets_nobody_until_enough_of_it_is_healthy() -> None:
    scene = Scene()
    scene.green.healthy_now = 0
    scene.stage.clock.at(20, lambda: setattr(scene.green, "healthy_now", 1))
    scene.stage.clock.at(40, lambda: setattr(scene.green, "healthy_now", 2))
    switch(scene.moving(), scene.going(50, settle=30), scene.stage.wait)

    assert scene.ways[0].shares == [0, 50]
    assert scene.stage.clock.elapsed >= 50


def test_a_green_that_never_gets_healthy_is_taken_out_again() -> None:
    scene = Scene()
    scene.green.healthy_now = 0
    with pytest.raises(Refused, match=r"green has 0 healthy, and 10% of users take 1 \(blue has 2\)"):
        switch(scene.moving(), scene.going(10, 100), scene.stage.wait)

    assert scene.ways[0].now == {"blue": 1}
    assert scene.record.written[-1].state is State.BACK
    assert not scene.stage.log.standing.changed


def test_no_step_is_more_than_green_has_healthy_ones_for() -> None:
    scene = Scene()
    scene.green.healthy_now = 1
    with pytest.raises(NotWell, match="at 100%: green has 1 healthy, and 100% of users take 2"):
        switch(scene.moving(), scene.going(50, 100), scene.stage.wait)

    assert scene.ways[0].shares == [0, 50, 0]


def test_users_are_led_back_when_green_loses_healthy_ones() -> None:
    scene = Scene()
    scene.stage.clock.at(90, lambda: setattr(scene.green, "healthy_now", 0))
    with pytest.raises(NotWell, match="at 50%: green has 0 healthy"):
        switch(scene.moving(), scene.going(10, 50, 100), scene.stage.wait)

    assert scene.ways[0].shares == [0, 10, 50, 0]
    assert scene.stage.clock.elapsed < 110
    assert scene.stage.log.standing.state == "blue has all users again, and green none"


def test_users_are_led_back_when_a_step_is_not_well_and_their_losses_are_told() -> None:
    scene = Scene()
    scene.after.append(lambda share: "smoke.sh exited 3" if share == 50 else None)
    going = scene.going(10, 50, 100)
    object.__setattr__(going, "lost", lambda: "users lost 3 of 100 requests")
    with pytest.raises(NotWell, match="at 50%: smoke") as ending:
        switch(scene.moving(), going, scene.stage.wait)

    assert ending.value.what == "at 50%: smoke.sh exited 3; users lost 3 of 100 requests"
    assert ending.value.exit_code == 1
    assert scene.ways[0].shares == [0, 10, 50, 0]


def test_users_are_led_back_when_the_task_is_cancelled() -> None:
    scene = Scene()

    def cancel() -> None:
        raise Cancelled(signal.SIGTERM)

    scene.stage.clock.at(90, cancel)
    with pytest.raises(Cancelled):
        switch(scene.moving(), scene.going(10, 50, 100), scene.stage.wait)

    assert scene.ways[0].shares == [0, 10, 50, 0]


def test_users_stay_with_green_where_blue_has_nobody_for_them() -> None:
    scene = Scene()

    def blue_dies(_: int) -> str:
        scene.blue.healthy_now = 0
        return "wrong"

    scene.after.append(blue_dies)
    with pytest.raises(NotWell):
        switch(scene.moving(), scene.going(10, 100), scene.stage.wait)

    assert scene.ways[0].shares == [0, 10]
    assert "blue has nobody healthy, so users stay" in scene.stage.log.standing.state


def test_somebody_elses_change_is_told_and_not_written_over() -> None:
    scene = Scene()
    theirs = {"blue": 70, "green": 30}
    scene.stage.clock.at(30, lambda: setattr(scene.ways[0], "now", theirs))
    with pytest.raises(SomeoneElse, match=r"has blue 70, green 30, where it was led to .*blue 90, green 10"):
        switch(scene.moving(), scene.going(10, 50, 100), scene.stage.wait)

    assert scene.ways[0].now == theirs


def test_it_is_told_of_the_last_step_as_well() -> None:
    scene = Scene()
    scene.stage.clock.at(30, lambda: setattr(scene.ways[0], "now", {"blue": 1}))
    with pytest.raises(
        SomeoneElse, match="has blue alone, where it was led to blue 0, green 100: someone else"
    ):
        switch(scene.moving(), scene.going(100), scene.stage.wait)

    assert scene.stage.log.standing.state == "nothing was written over that"


def test_a_write_that_is_not_what_stands_there_afterwards_is_somebody_elses() -> None:
    scene = Scene()
    way = scene.ways[0]
    way.before_write = lambda: way.stale.extend([{"blue": 1, "green": 1}] * 20)
    with pytest.raises(SomeoneElse, match="where it was written to blue 100, green 0"):
        switch(scene.moving(), scene.going(10), scene.stage.wait)


def test_answers_that_lag_behind_are_asked_for_again() -> None:
    scene = Scene()
    way = scene.ways[0]
    way.before_write = lambda: way.stale.append(way.now)
    switch(scene.moving(), scene.going(10, 100), scene.stage.wait)

    assert way.shares == [0, 10, 100]


@pytest.mark.parametrize("stands", [{"blue": 90, "green": 10}, {"blue": 50, "green": 50}])
def test_one_that_was_killed_in_a_step_goes_on_from_there(stands: dict[str, int]) -> None:
    scene = Scene(FakeWay(now=stands), FakeWay("other", now={"blue": 90, "green": 10}))
    switch(scene.moving(at=10, heads=(50,)), scene.going(50, 100), scene.stage.wait)

    assert {*scene.ways[0].shares} <= {50, 100}
    assert scene.ways[1].shares == [50, 100]


def test_one_that_was_killed_on_its_way_back_goes_on_from_there() -> None:
    scene = Scene(FakeWay(now={"blue": 50, "green": 50}), FakeWay("other", now={"blue": 100, "green": 0}))
    go_back(scene.moving(at=10, heads=(50, 0)), Enough(scene.blue, 2, "green has 2"), scene.stage.wait)

    assert [way.now for way in scene.ways] == [{"blue": 100, "green": 0}] * 2


def test_back_is_a_single_step() -> None:
    scene = Scene(FakeWay(now={"blue": 0, "green": 100}))
    go_back(scene.moving(at=100), Enough(scene.blue, 2, "green has 2"), scene.stage.wait)

    assert scene.ways[0].shares == [0]
    assert scene.record.written[-1].state is State.BACK


def test_back_is_refused_where_blue_cannot_take_the_users() -> None:
    scene = Scene(FakeWay(now={"blue": 0, "green": 100}))
    scene.blue.healthy_now = 1
    with pytest.raises(Refused, match=r"blue has 1 healthy, and 100% of users take 2 \(green has 2\)"):
        go_back(scene.moving(at=100), Enough(scene.blue, 2, "green has 2"), scene.stage.wait)

    assert scene.ways[0].history == []


def test_a_failure_of_aws_leads_users_back_as_well() -> None:
    scene = Scene(FakeWay("one"), FakeWay("two"))

    def fail() -> None:
        if scene.ways[0].shares[-1:] == [50] and scene.ways[1].shares[-1:] == [10]:
            scene.ways[1].before_write = lambda: None
            raise TaskError("AWS failed")

    scene.ways[1].before_write = fail
    with pytest.raises(TaskError, match="AWS failed"):
        switch(scene.moving(), scene.going(10, 50), scene.stage.wait)

    assert scene.ways[0].shares == [0, 10, 50, 0]
    assert scene.ways[1].shares == [0, 10, 0]
