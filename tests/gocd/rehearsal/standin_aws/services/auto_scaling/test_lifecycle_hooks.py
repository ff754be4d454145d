"""Hooks hold what is launched and what is terminated, and not what goes to Standby and back."""

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.group_events import GroupEvents
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time, power
from tests.gocd.rehearsal.standin_aws.services.auto_scaling.fleet import (
    enter,
    leave,
    lifecycle,
    sizes,
    states,
)


@pytest.fixture
def pair(cloud: World) -> list[Instance]:
    return cloud.auto_scaling_group("fleet", size=2, max_size=3)


@pytest.fixture
def events(cloud: World, pair: list[Instance]) -> GroupEvents:
    return GroupEvents(cloud, "fleet")


def size(cloud: World, desired: int) -> None:
    cloud.client("autoscaling").set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=desired)


def held(cloud: World, state: str) -> str:
    """Give the id of the one in this state, once there is one."""
    in_time(cloud, lambda: state in states(cloud).values(), True)
    [one] = [each for each, now in states(cloud).items() if now == state]
    return one


def test_a_member_that_is_launched_waits_until_it_is_let_go(cloud: World, events: GroupEvents) -> None:
    events.hook("install", timeout=300)
    size(cloud, 3)
    new = held(cloud, "Pending:Wait")
    with pytest.raises(botocore.exceptions.ClientError, match="No active Lifecycle Action found"):
        events.let_go("other", new)
    cloud.let_pass(200)
    assert lifecycle(cloud, new) == "Pending:Wait"
    cloud.client("autoscaling").record_lifecycle_action_heartbeat(
        AutoScalingGroupName="fleet", LifecycleHookName="install", InstanceId=new
    )
    cloud.let_pass(200)
    assert lifecycle(cloud, new) == "Pending:Wait"
    events.let_go("install", new)

    in_time(cloud, lambda: lifecycle(cloud, new), "InService")
    assert len(states(cloud)) == 3


@pytest.mark.parametrize("result", ["CONTINUE", "ABANDON"])
def test_a_hook_that_nobody_answers_ends_as_it_says(cloud: World, events: GroupEvents, result: str) -> None:
    events.hook("install", timeout=300, result=result)
    size(cloud, 3)
    new = held(cloud, "Pending:Wait")
    cloud.let_pass(301)

    if result == "CONTINUE":
        in_time(cloud, lambda: lifecycle(cloud, new), "InService")
    else:
        in_time(cloud, lambda: new in states(cloud), False)
        assert held(cloud, "Pending:Wait") != new


def test_a_member_that_is_terminated_waits_too(
    cloud: World, pair: list[Instance], events: GroupEvents
) -> None:
    events.hook("logs", timeout=300, launching=False)
    size(cloud, 1)
    going = held(cloud, "Terminating:Wait")
    assert power(cloud, next(each for each in pair if each.id == going)) == "running"
    events.let_go("logs", going)

    in_time(cloud, lambda: going in states(cloud), False)


def test_a_member_that_returns_from_standby_is_not_held(
    cloud: World, pair: list[Instance], events: GroupEvents
) -> None:
    events.hook("install", timeout=300)
    enter(cloud, pair[0].id)
    in_time(cloud, lambda: lifecycle(cloud, pair[0].id), "Standby")
    leave(cloud, pair[0].id)

    seen = in_time(cloud, lambda: lifecycle(cloud, pair[0].id), "InService")
    assert "Pending:Wait" not in seen


@pytest.mark.parametrize("state", ["Stopped", "Running"])
def test_a_warm_pool_is_beside_the_group_and_as_large_as_it_may_still_grow(
    cloud: World, pair: list[Instance], events: GroupEvents, state: str
) -> None:
    events.warm_pool(state)
    in_time(cloud, lambda: len(warm(cloud)), 1)
    [one] = warm(cloud)

    assert lifecycle(cloud, one) == f"Warmed:{state}"
    assert sorted(states(cloud)) == sorted(each.id for each in pair)
    size(cloud, 3)
    in_time(cloud, lambda: (len(warm(cloud)), sorted(states(cloud).values())), (0, ["InService"] * 3))
    assert sizes(cloud)[1] == 3


def warm(cloud: World) -> list[str]:
    told = cloud.client("autoscaling").describe_warm_pool(AutoScalingGroupName="fleet")["Instances"]
    return [each["InstanceId"] for each in told]
