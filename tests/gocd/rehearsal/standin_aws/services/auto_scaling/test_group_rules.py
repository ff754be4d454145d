"""Sizes, processes and tags of an Auto Scaling group, and what Auto Scaling refuses."""

from collections.abc import Callable
from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.gocd.rehearsal.standin_aws.services.auto_scaling.fleet import described, sizes, states, suspend


@pytest.fixture
def scaling(cloud: World) -> Any:
    """A client of Auto Scaling, and a group of 2 that has at least 1 and at most 3."""
    cloud.auto_scaling_group("fleet", size=2, min_size=1, max_size=3)
    return cloud.client("autoscaling")


def update(scaling: Any, **sizes: int) -> None:
    scaling.update_auto_scaling_group(AutoScalingGroupName="fleet", **sizes)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.enter_standby(
            AutoScalingGroupName="nope", InstanceIds=["i-1"], ShouldDecrementDesiredCapacity=True
        ),
        lambda c: c.exit_standby(AutoScalingGroupName="nope", InstanceIds=["i-1"]),
        lambda c: c.suspend_processes(AutoScalingGroupName="nope"),
        lambda c: c.resume_processes(AutoScalingGroupName="nope"),
        lambda c: c.update_auto_scaling_group(AutoScalingGroupName="nope", MinSize=1),
        lambda c: c.set_desired_capacity(AutoScalingGroupName="nope", DesiredCapacity=1),
        lambda c: c.create_or_update_tags(Tags=[{"ResourceId": "nope", "Key": "k", "Value": "v"}]),
        lambda c: c.delete_tags(Tags=[{"ResourceId": "nope", "Key": "k"}]),
        lambda c: c.describe_load_balancer_target_groups(AutoScalingGroupName="nope"),
        lambda c: c.detach_instances(
            AutoScalingGroupName="nope", InstanceIds=["i-1"], ShouldDecrementDesiredCapacity=True
        ),
        lambda c: c.delete_auto_scaling_group(AutoScalingGroupName="nope"),
    ],
)
def test_an_unknown_group_is_told_as_such(cloud: World, call: Callable[[Any], Any]) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="AutoScalingGroup name not found - ") as told:
        call(cloud.client("autoscaling"))
    assert told.value.response["Error"]["Code"] == "ValidationError"


def test_fifty_names_at_most_are_described_in_one_call_that_asks_for_no_more(scaling: Any) -> None:
    names = ["fleet", *(f"gone-{number}" for number in range(50))]
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationError"):
        scaling.describe_auto_scaling_groups(AutoScalingGroupNames=names)
    told = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=names, MaxRecords=100)
    assert [each["AutoScalingGroupName"] for each in told["AutoScalingGroups"]] == ["fleet"]


def test_processes_are_suspended_and_resumed_by_their_names(cloud: World, scaling: Any) -> None:
    def now() -> set[str]:
        return {each["ProcessName"] for each in described(cloud)["SuspendedProcesses"]}

    suspend(cloud, "AZRebalance", "HealthCheck")
    assert now() == {"AZRebalance", "HealthCheck"}
    for call in (scaling.suspend_processes, scaling.resume_processes):
        with pytest.raises(botocore.exceptions.ClientError, match="ValidationError"):
            call(AutoScalingGroupName="fleet", ScalingProcesses=["Rebalance"])
    scaling.resume_processes(AutoScalingGroupName="fleet", ScalingProcesses=["HealthCheck"])
    assert now() == {"AZRebalance"}
    scaling.suspend_processes(AutoScalingGroupName="fleet")
    assert len(now()) == 9
    scaling.resume_processes(AutoScalingGroupName="fleet")
    assert now() == set()


def test_a_new_bound_moves_the_desired_capacity(cloud: World, scaling: Any) -> None:
    update(scaling, MinSize=3)
    assert sizes(cloud) == (3, 3, 3)
    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService"] * 3)

    update(scaling, MinSize=0, MaxSize=1)
    assert sizes(cloud) == (0, 1, 1)
    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService"])


def test_a_lower_minimum_changes_nothing_else(cloud: World, scaling: Any) -> None:
    before = states(cloud)
    update(scaling, MinSize=0)

    assert sizes(cloud) == (0, 2, 3)
    assert states(cloud) == before


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"MinSize": 4}, "Max bound, 3, must be greater than or equal to min bound, 4"),
        ({"MinSize": 3, "DesiredCapacity": 2}, "Desired capacity:2 must be between"),
        (
            {"DesiredCapacity": 4},
            "Desired capacity:4 must be between the specified min size:1 and max size:3",
        ),
    ],
)
def test_sizes_that_contradict_each_other_are_refused(
    cloud: World, scaling: Any, asked: dict[str, int], refusal: str
) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match=refusal):
        update(scaling, **asked)
    assert sizes(cloud) == (1, 2, 3)


@pytest.mark.parametrize(("desired", "refusal"), [(0, "below min value 1"), (4, "above max value 3")])
def test_a_desired_capacity_out_of_bounds_is_refused(
    cloud: World, scaling: Any, desired: int, refusal: str
) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match=refusal):
        scaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=desired)
    assert sizes(cloud) == (1, 2, 3)


def test_tags_of_a_group_are_set_overwritten_listed_and_deleted(cloud: World, scaling: Any) -> None:
    def tag(value: str) -> dict[str, Any]:
        named = {"ResourceId": "fleet", "ResourceType": "auto-scaling-group", "Key": "gocd-tasks:rollout"}
        return {**named, "Value": value, "PropagateAtLaunch": False}

    def now() -> list[str]:
        told = scaling.describe_tags(
            Filters=[
                {"Name": "auto-scaling-group", "Values": ["fleet"]},
                {"Name": "key", "Values": ["gocd-tasks:rollout"]},
            ]
        )["Tags"]
        return [each["Value"] for each in told]

    scaling.create_or_update_tags(Tags=[tag("one")])
    scaling.create_or_update_tags(Tags=[tag("two")])
    assert now() == ["two"]
    [shown] = [each for each in described(cloud)["Tags"] if each["Key"] == "gocd-tasks:rollout"]
    assert (shown["Value"], shown["PropagateAtLaunch"]) == ("two", False)
    scaling.delete_tags(Tags=[tag("two")])
    assert now() == []


def test_a_deleted_group_takes_its_members_with_it(cloud: World, scaling: Any) -> None:
    members = list(states(cloud))
    scaling.delete_auto_scaling_group(AutoScalingGroupName="fleet", ForceDelete=True)

    told = cloud.client("ec2").describe_instances(InstanceIds=members)["Reservations"]
    assert {each["State"]["Name"] for one in told for each in one["Instances"]} == {"terminated"}
    with pytest.raises(botocore.exceptions.ClientError, match="name not found"):
        suspend(cloud, "Launch")
