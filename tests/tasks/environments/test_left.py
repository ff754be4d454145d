"""Since when an environment is left, as records of switches tell it."""

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.environments.left import last_left
from tasks.running.clock import SystemClock
from tasks.running.errors import Refused
from tasks.switching.record import Record, State, Switch

WAYS = {"app/web/1": {"blue": 1}}


def remember(aws: Aws, state: State, blue: str = "blue", green: str = "green") -> None:
    record = Record(aws, SystemClock(), "web", green)
    record.read()
    record.write(Switch(blue, green, WAYS, "deployer", "2026-01-01T00:00:00+00:00", 100, (100,), state))


def left_for(aws: Aws, name: str) -> str:
    left = last_left(aws, SystemClock(), {name: ""})
    return left.to if left else ""


def test_who_was_switched_away_from_is_left_and_nobody_else(cloud: World, aws: Aws) -> None:
    assert left_for(aws, "blue") == ""
    remember(aws, State.DONE)

    assert left_for(aws, "blue") == "green"
    assert left_for(aws, "green") == ""
    assert left_for(aws, "grey") == ""


def test_after_a_way_back_it_is_the_other_one(cloud: World, aws: Aws) -> None:
    remember(aws, State.BACK)

    assert left_for(aws, "blue") == ""
    assert left_for(aws, "green") == "blue"


def test_of_several_the_last_counts(cloud: World, aws: Aws) -> None:
    remember(aws, State.DONE)
    remember(aws, State.DONE, green="grey")

    left = last_left(aws, SystemClock(), {"blue": ""})
    assert left is not None
    assert left.to == "grey"
    assert left.ago < 60


def test_a_switch_that_is_under_way_is_to_end_first(cloud: World, aws: Aws) -> None:
    remember(aws, State.UNDER_WAY)

    for name in ("blue", "green"):
        with pytest.raises(Refused, match="a switch from blue to green is under way, at 100%"):
            left_for(aws, name)
    assert left_for(aws, "grey") == ""


def test_what_is_no_record_of_a_switch_tells_nothing(cloud: World, aws: Aws) -> None:
    cloud.client("ssm").put_parameter(Name="/gocd-tasks/switch/web/green", Value="by hand", Type="String")

    assert left_for(aws, "blue") == ""
