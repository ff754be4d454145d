"""Policies and schedules change how many members a group has, within its bounds, and rest while suspended."""

from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.group_events import GroupEvents
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.gocd.rehearsal.standin_aws.services.auto_scaling.fleet import (
    enter,
    leave,
    lifecycle,
    resume,
    sizes,
    states,
    suspend,
)


@pytest.fixture
def members(cloud: World) -> list[Instance]:
    """Three of at most three, at least one."""
    return cloud.auto_scaling_group("fleet", size=3, min_size=1)


@pytest.fixture
def events(cloud: World, members: list[Instance]) -> GroupEvents:
    events = GroupEvents(cloud, "fleet")
    events.policy("out", 2)
    events.policy("in", -1)
    return events


def in_standby(cloud: World, instance: Instance) -> None:
    enter(cloud, instance.id)
    in_time(cloud, lambda: lifecycle(cloud, instance.id), "Standby")


def execute(cloud: World, policy: str) -> None:
    cloud.client("autoscaling").execute_policy(AutoScalingGroupName="fleet", PolicyName=policy)


def test_a_group_has_no_room_above_its_size_unless_it_is_told_so(
    cloud: World, members: list[Instance]
) -> None:
    assert sizes(cloud) == (1, 3, 3)


def test_a_policy_takes_the_place_of_a_member_in_standby_which_then_cannot_come_back(
    cloud: World, members: list[Instance], events: GroupEvents
) -> None:
    in_standby(cloud, members[0])
    events.breach("out")

    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService"] * 3 + ["Standby"])
    assert sizes(cloud) == (1, 3, 3)
    with pytest.raises(botocore.exceptions.ClientError, match="max-size=3, and desired-size=3"):
        leave(cloud, members[0].id)


def test_an_alarm_that_stays_in_breach_goes_on_once_a_minute(
    cloud: World, members: list[Instance], events: GroupEvents
) -> None:
    events.breach("in")
    in_time(cloud, lambda: sizes(cloud)[1], 2)
    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService"] * 2)
    assert sizes(cloud)[1] == 2
    cloud.let_pass(61)
    in_time(cloud, lambda: sizes(cloud)[1], 1)


def test_scaling_in_ends_members_in_service_and_none_in_standby(
    cloud: World, members: list[Instance], events: GroupEvents
) -> None:
    in_standby(cloud, members[0])
    execute(cloud, "in")

    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService", "Standby"])
    assert lifecycle(cloud, members[0].id) == "Standby"


def test_a_suspended_alarm_notification_is_made_up_for_if_the_alarm_is_in_breach_then(
    cloud: World, members: list[Instance], events: GroupEvents
) -> None:
    suspend(cloud, "AlarmNotification")
    events.breach("in")
    cloud.let_pass(120)
    assert sizes(cloud)[1] == 3
    events.calm("in")
    resume(cloud, "AlarmNotification")
    assert sizes(cloud)[1] == 3

    suspend(cloud, "AlarmNotification")
    events.breach("in")
    resume(cloud, "AlarmNotification")
    in_time(cloud, lambda: sizes(cloud)[1], 2)


def test_a_policy_that_is_executed_by_hand_minds_no_suspension(
    cloud: World, members: list[Instance], events: GroupEvents
) -> None:
    suspend(cloud, "AlarmNotification")
    execute(cloud, "in")

    assert sizes(cloud)[1] == 2
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationError"):
        execute(cloud, "sideways")


@pytest.mark.parametrize(
    ("kind", "adjustment", "desired"),
    [
        ("ExactCapacity", 2, 2),
        ("ExactCapacity", 9, 3),
        ("PercentChangeInCapacity", -10, 2),
        ("PercentChangeInCapacity", -67, 1),
    ],
)
def test_a_policy_adjusts_by_number_or_share_and_within_the_bounds(
    cloud: World, members: list[Instance], kind: str, adjustment: int, desired: int
) -> None:
    cloud.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName="fleet", PolicyName="p", AdjustmentType=kind, ScalingAdjustment=adjustment
    )
    execute(cloud, "p")
    assert sizes(cloud)[1] == desired


def test_a_schedule_changes_the_sizes_when_it_is_due(
    cloud: World, members: list[Instance], events: GroupEvents
) -> None:
    events.schedule("morning", after=30, MinSize=2, MaxSize=6, DesiredCapacity=4)
    assert sizes(cloud) == (1, 3, 3)

    cloud.let_pass(31)
    in_time(cloud, lambda: sizes(cloud), (2, 4, 6))


def test_a_schedule_that_is_due_while_it_is_suspended_never_happens(
    cloud: World, members: list[Instance], events: GroupEvents
) -> None:
    suspend(cloud, "ScheduledActions")
    events.schedule("morning", after=30, MaxSize=6, DesiredCapacity=4)
    cloud.let_pass(31)
    resume(cloud, "ScheduledActions")
    cloud.let_pass(31)

    assert sizes(cloud) == (1, 3, 3)


def test_nothing_is_scheduled_in_the_past(cloud: World, members: list[Instance], events: Any) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="in the past"):
        events.schedule("yesterday", after=-86_400, DesiredCapacity=1)
