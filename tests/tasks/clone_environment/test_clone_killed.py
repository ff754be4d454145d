"""kill -9 after every change, then the same command again: one clone, as if nothing had happened."""

from functools import partial
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import blue_group, blue_stack, described, group, target_group
from tests.tasks.clone_environment.test_clone_group import furnish
from tests.tasks.killing import AT, killed_at, moments

pytestmark = pytest.mark.end_to_end

# What is another one's each time.
VOLATILE = {"AutoScalingGroupARN", "CreatedTime", "Instances", "TargetGroupARNs"}


def state(cloud: World) -> dict[str, Any]:
    scaling = cloud.client("autoscaling")
    arn = target_group(cloud, "green")["TargetGroupArn"]
    made = group(cloud, "green")
    return {
        "group": {name: value for name, value in made.items() if name not in VOLATILE},
        "sends to": made["TargetGroupARNs"] == [arn],
        "size": len(made["Instances"]),
        "attributes": cloud.client("elbv2").describe_target_group_attributes(TargetGroupArn=arn)[
            "Attributes"
        ],
        "policies": len(scaling.describe_policies(AutoScalingGroupName="green")["ScalingPolicies"]),
        "schedules": len(
            scaling.describe_scheduled_actions(AutoScalingGroupName="green")["ScheduledUpdateGroupActions"]
        ),
        "groups": len(scaling.describe_auto_scaling_groups()["AutoScalingGroups"]),
    }


def status(cloud: World, name: str) -> str:
    return str(described(cloud, name)["StackStatus"])


def without_green(cloud: World) -> None:
    scaling = cloud.client("autoscaling")
    if group(cloud, "green"):
        scaling.update_auto_scaling_group(AutoScalingGroupName="green", DeletionProtection="none")
        scaling.delete_auto_scaling_group(AutoScalingGroupName="green", ForceDelete=True)
    if made := target_group(cloud, "green"):
        cloud.client("elbv2").delete_target_group(TargetGroupArn=made["TargetGroupArn"])


@AT
@pytest.mark.exhaustive
def test_the_same_command_again_makes_one_clone_of_a_group(
    cloud: World, gocd_tasks: CommandLine, sample: Service, every: bool
) -> None:
    furnish(cloud, blue_group(cloud, sample).arn)
    words = ("clone-environment", "blue", "--name", "green")
    cloud.journal.clear()
    assert gocd_tasks(*words).returncode == 0
    undisturbed = state(cloud)
    kills = moments(cloud.journal.calls, every=every)
    # Target group and its attributes, group, policy, schedule, notification, and what comes last.
    assert len(kills) >= 7

    for moment in kills if every else kills[1::3]:
        without_green(cloud)
        killed_at(cloud, moment, gocd_tasks, *words)
        done = gocd_tasks(*words)

        assert done.returncode == 0, f"after kill -9 at {moment}: {done.stderr}"
        assert state(cloud) == undisturbed, f"after kill -9 at {moment}"


@AT
@pytest.mark.exhaustive
def test_the_same_command_again_makes_one_clone_of_a_stack(
    cloud: World, gocd_tasks: CommandLine, sample: Service, every: bool
) -> None:
    blue_stack(cloud, sample, EnableTerminationProtection=True)
    secret = "GOCD_TASKS_PARAMETER_PASSWORD"
    told = CommandLine({**gocd_tasks.environment, secret: "second-hush"})
    words = ("clone-environment", "blue", "--name", "green")
    cloud.journal.clear()
    assert told(*words).returncode == 0
    kills = moments(cloud.journal.calls, every=every)
    assert len(kills) == 2 or every
    stacks = cloud.client("cloudformation")

    for moment in kills:
        made = described(cloud, "green")["StackId"]
        stacks.update_termination_protection(StackName="green", EnableTerminationProtection=False)
        stacks.delete_stack(StackName="green")
        in_time(cloud, partial(status, cloud, made), "DELETE_COMPLETE")
        killed_at(cloud, moment, told, *words)
        done = told(*words)

        assert done.returncode == 0, f"after kill -9 at {moment}: {done.stderr}"
        green = described(cloud, "green")
        assert (green["StackStatus"], green["EnableTerminationProtection"]) == ("CREATE_COMPLETE", True)
