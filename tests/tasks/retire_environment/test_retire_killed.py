"""kill -9 after every change, then the same command again: blue is gone, and nothing of it is left."""

from typing import Any

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import blue_stack, described, group, target_group
from tests.tasks.killing import AT, killed_at, moments
from tests.tasks.retire_environment.retiring import share, shares

pytestmark = pytest.mark.end_to_end


def blue_beside_green(cloud: World, front: LoadBalancer, image: str) -> None:
    """Make blue, at weight 0 beside the group that users have, and green, which was cloned from it."""
    elb, scaling = cloud.client("elbv2"), cloud.client("autoscaling")
    made = elb.create_target_group(Name="blue", Protocol="HTTP", Port=8080, VpcId=cloud.network.vpc)
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    templates = cloud.client("ec2").describe_launch_templates()["LaunchTemplates"]
    if not templates:
        cloud.client("ec2").create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
        )
    common: dict[str, Any] = {
        "LaunchTemplate": {"LaunchTemplateName": "web"},
        "MaxSize": 2,
        "VPCZoneIdentifier": cloud.network.subnet("eu-west-1a"),
    }
    scaling.create_auto_scaling_group(AutoScalingGroupName="blue", MinSize=1, TargetGroupARNs=[arn], **common)
    clone_of = group(cloud, "blue")["AutoScalingGroupARN"]
    tags = {"gocd-tasks:clone-of": clone_of, "gocd-tasks:usual-min-size": "0"}
    told = [{"Key": key, "Value": value, "PropagateAtLaunch": False} for key, value in tags.items()]
    if group(cloud, "green"):
        marks = [{**each, "ResourceId": "green", "ResourceType": "auto-scaling-group"} for each in told]
        scaling.create_or_update_tags(Tags=marks)
        scaling.update_auto_scaling_group(AutoScalingGroupName="green", MinSize=1)
    else:
        scaling.create_auto_scaling_group(AutoScalingGroupName="green", MinSize=1, Tags=told, **common)
    share(cloud, front, blue=0, users=1)
    in_time(
        cloud, lambda: [each["LifecycleState"] for each in group(cloud, "blue")["Instances"]], ["InService"]
    )


@AT
@pytest.mark.exhaustive
def test_the_same_command_again_leaves_nothing_of_blue(
    cloud: World, gocd_tasks: CommandLine, every: bool
) -> None:
    front, image = cloud.target_group("users", wait=False), cloud.machine_image("web", Service(()))
    words = ("retire-environment", "blue", "--keep-for", "0")
    blue_beside_green(cloud, front, image)
    cloud.journal.clear()
    assert gocd_tasks(*words).returncode == 0
    kills = moments(cloud.journal.calls, every=every)
    # The lock, the rule, the memory, the sizes, group, target group; the clone's size and tag; the locks.
    assert len(kills) >= 9

    for moment in kills if every else kills[1::3]:
        blue_beside_green(cloud, front, image)
        killed_at(cloud, moment, gocd_tasks, *words)
        done = gocd_tasks(*words)

        assert done.returncode == 0, f"after kill -9 at {moment}: {done.stderr}"
        assert group(cloud, "blue") is None
        assert target_group(cloud, "blue") is None
        assert list(shares(cloud, front)) == ["users"]
        assert group(cloud, "green")["MinSize"] == 0, f"after kill -9 at {moment}"


def a_stack_beside_users(cloud: World, front: LoadBalancer, sample: Service) -> str:
    """Make blue a stack, at weight 0 beside the group that users have; gives its id."""
    made = blue_stack(cloud, sample)
    groups = cloud.client("elbv2").describe_target_groups()["TargetGroups"]
    [name] = [each["TargetGroupName"] for each in groups if each["TargetGroupName"].startswith("blue-")]
    share(cloud, front, **{name: 0, "users": 1})
    return made


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
def test_the_same_command_again_leaves_nothing_of_a_stack(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    front = cloud.target_group("users", wait=False)
    words = ("retire-environment", "blue", "--keep-for", "0")
    a_stack_beside_users(cloud, front, sample)
    cloud.journal.clear()
    assert gocd_tasks(*words).returncode == 0
    kills = moments(cloud.journal.calls, every=True)

    for moment in kills:
        stack = a_stack_beside_users(cloud, front, sample)
        killed_at(cloud, moment, gocd_tasks, *words)
        done = gocd_tasks(*words)

        assert done.returncode == 0, f"after kill -9 at {moment}: {done.stderr}"
        assert described(cloud, stack)["StackStatus"] == "DELETE_COMPLETE"
        assert list(shares(cloud, front)) == ["users"]
