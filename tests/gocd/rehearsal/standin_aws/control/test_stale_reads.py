from typing import Any

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.control.test_faults import client


class Groups:
    """An Auto Scaling group's minimum size, changed and asked for as any program does."""

    def __init__(self, cloud: World) -> None:
        cloud.auto_scaling_group("web", size=0)
        self._client: Any = client(cloud, "autoscaling")

    def change(self, size: int) -> None:
        self._client.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=size, MaxSize=9)

    def seen(self, *names: str) -> int:
        [group] = self._client.describe_auto_scaling_groups(AutoScalingGroupNames=[*names])[
            "AutoScalingGroups"
        ]
        return int(group["MinSize"])


@pytest.fixture
def groups(cloud: World) -> Groups:
    return Groups(cloud)


def test_a_description_may_be_of_so_many_seconds_ago_and_no_older(cloud: World, groups: Groups) -> None:
    cloud.faults.stale(10)
    assert groups.seen() == 0
    cloud.let_pass(20)
    groups.change(1)

    assert groups.seen() == 0
    cloud.let_pass(9)
    assert groups.seen() == 0
    cloud.let_pass(2)
    assert groups.seen() == 1


def test_of_every_other_one_a_description_goes_back_and_forth(cloud: World, groups: Groups) -> None:
    cloud.faults.stale(10, every=2)
    groups.seen()
    groups.change(1)

    assert [groups.seen() for _ in range(4)] == [0, 1, 0, 1]


def test_a_question_that_was_not_asked_before_is_answered_as_things_are(cloud: World, groups: Groups) -> None:
    cloud.faults.stale(10)
    groups.seen()
    groups.change(1)

    assert (groups.seen("web"), groups.seen()) == (1, 0)


def test_what_is_kept_while_all_is_well_is_what_is_answered_later(cloud: World, groups: Groups) -> None:
    cloud.faults.stale(0)
    groups.seen()
    groups.change(1)
    assert groups.seen() == 1

    cloud.faults.stale(10)
    assert groups.seen() == 0


def test_what_nobody_asked_for_long_is_not_answered_as_of_then(cloud: World, groups: Groups) -> None:
    cloud.faults.stale(10)
    groups.seen()
    groups.change(1)
    cloud.let_pass(60)

    assert groups.seen() == 1


def test_who_arranges_a_world_and_the_next_world_see_things_as_they_are(cloud: World, groups: Groups) -> None:
    cloud.faults.stale(10)
    groups.seen()
    groups.change(1)
    arranging = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert arranging[0]["MinSize"] == 1

    cloud.reset()
    cloud.faults.stale(10)
    assert Groups(cloud).seen() == 0


def test_parameters_and_objects_are_never_stale(cloud: World) -> None:
    cloud.faults.stale(10)
    ssm = client(cloud, "ssm")
    for value in ("one", "two"):
        ssm.put_parameter(Name="lock", Value=value, Type="String", Overwrite=True)
        assert ssm.get_parameter(Name="lock")["Parameter"]["Value"] == value
