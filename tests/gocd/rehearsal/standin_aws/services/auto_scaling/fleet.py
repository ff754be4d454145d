"""What the tests of Auto Scaling ask and do, with a group named fleet."""

from typing import Any

from gocd.rehearsal.standin_aws.world import World

NAME = "fleet"


def described(cloud: World) -> Any:
    """Give what DescribeAutoScalingGroups says of the group."""
    [group] = cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])[
        "AutoScalingGroups"
    ]
    return group


def sizes(cloud: World) -> tuple[int, int, int]:
    """Give minimum, desired and maximum size."""
    group = described(cloud)
    return group["MinSize"], group["DesiredCapacity"], group["MaxSize"]


def states(cloud: World) -> dict[str, str]:
    """Give each member's lifecycle state by its id."""
    return {each["InstanceId"]: each["LifecycleState"] for each in described(cloud)["Instances"]}


def zones(cloud: World) -> list[str]:
    """Give the zone letters of the members in service, sorted."""
    return sorted(
        each["AvailabilityZone"][-1]
        for each in described(cloud)["Instances"]
        if each["LifecycleState"] == "InService"
    )


def lifecycle(cloud: World, instance_id: str) -> str:
    [told] = cloud.client("autoscaling").describe_auto_scaling_instances(InstanceIds=[instance_id])[
        "AutoScalingInstances"
    ]
    return str(told["LifecycleState"])


def enter(cloud: World, *ids: str, decrement: bool = True) -> None:
    cloud.client("autoscaling").enter_standby(
        AutoScalingGroupName=NAME, InstanceIds=[*ids], ShouldDecrementDesiredCapacity=decrement
    )


def leave(cloud: World, *ids: str) -> None:
    cloud.client("autoscaling").exit_standby(AutoScalingGroupName=NAME, InstanceIds=[*ids])


def suspend(cloud: World, *processes: str) -> None:
    cloud.client("autoscaling").suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=[*processes])


def resume(cloud: World, *processes: str) -> None:
    cloud.client("autoscaling").resume_processes(AutoScalingGroupName=NAME, ScalingProcesses=[*processes])
