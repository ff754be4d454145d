"""An instance refresh replaces members one after the other, and does with those in Standby as it is told."""

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
    resume,
    states,
    suspend,
)


@pytest.fixture
def pair(cloud: World) -> list[Instance]:
    return cloud.auto_scaling_group("fleet", size=2)


@pytest.fixture
def events(cloud: World, pair: list[Instance]) -> GroupEvents:
    return GroupEvents(cloud, "fleet")


def in_standby(cloud: World, instance: Instance) -> None:
    enter(cloud, instance.id)
    in_time(cloud, lambda: lifecycle(cloud, instance.id), "Standby")


def test_every_member_is_replaced_one_at_a_time(
    cloud: World, pair: list[Instance], events: GroupEvents
) -> None:
    events.refresh()
    seen = in_time(
        cloud,
        lambda: (events.refresh_status, sorted(states(cloud).values())),
        (
            "Successful",
            ["InService", "InService"],
        ),
    )

    assert not {each.id for each in pair} & set(states(cloud))
    assert all("InService" in members for _, members in seen)
    assert {status for status, _ in seen} >= {"InProgress", "Successful"}


def test_one_refresh_runs_at_a_time_and_may_be_cancelled(
    cloud: World, pair: list[Instance], events: GroupEvents
) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="ActiveInstanceRefreshNotFound"):
        events.cancel_refresh()
    events.refresh(InstanceWarmup=600)
    with pytest.raises(botocore.exceptions.ClientError, match="InstanceRefreshInProgress"):
        events.refresh()
    events.cancel_refresh()

    in_time(cloud, lambda: events.refresh_status, "Cancelled")
    assert len({each.id for each in pair} & set(states(cloud))) == 1
    events.refresh()


def test_a_member_in_standby_is_terminated_where_the_refresh_says_so(
    cloud: World, pair: list[Instance], events: GroupEvents
) -> None:
    in_standby(cloud, pair[0])
    events.refresh(StandbyInstances="Terminate")

    in_time(cloud, lambda: events.refresh_status, "Successful")
    assert power(cloud, pair[0]) == "terminated"


def test_a_member_in_standby_is_ignored_where_the_refresh_says_so(
    cloud: World, pair: list[Instance], events: GroupEvents
) -> None:
    in_standby(cloud, pair[0])
    events.refresh(StandbyInstances="Ignore")

    in_time(cloud, lambda: events.refresh_status, "Successful")
    assert lifecycle(cloud, pair[0].id) == "Standby"
    assert pair[1].id not in states(cloud)


@pytest.mark.parametrize("returns", [True, False])
def test_a_member_in_standby_is_waited_for_an_hour_by_default(
    cloud: World, pair: list[Instance], events: GroupEvents, returns: bool
) -> None:
    in_standby(cloud, pair[0])
    events.refresh()
    in_time(cloud, lambda: pair[1].id in states(cloud), False)
    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService", "Standby"])
    cloud.let_pass(3500)
    assert events.refresh_status == "InProgress"
    if returns:
        leave(cloud, pair[0].id)
    cloud.let_pass(200)

    in_time(cloud, lambda: events.refresh_status, "Successful" if returns else "Failed")
    assert (pair[0].id in states(cloud)) is not returns


def test_a_suspended_refresh_waits_and_goes_on(
    cloud: World, pair: list[Instance], events: GroupEvents
) -> None:
    suspend(cloud, "InstanceRefresh")
    events.refresh(BakeTime=60)
    cloud.let_pass(60)
    assert events.refresh_status == "Pending"
    assert {each.id for each in pair} == set(states(cloud))

    resume(cloud, "InstanceRefresh")
    in_time(cloud, lambda: events.refresh_status, "Baking")
    cloud.let_pass(61)
    in_time(cloud, lambda: events.refresh_status, "Successful")
