"""An Auto Scaling group: its sizes, its members' states, and the orders that change them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError, refused
from tasks.aws.parts import parts

# Instances in one order and in one question (AWS, autoscaling API reference: EnterStandby,
# DescribeAutoScalingInstances, DescribeAutoScalingGroups).
MOST_MOVED, MOST_ASKED = 20, 50

# LifecycleState of members on their way out of service and of those that are out, kept by the group.
ENTERING, STANDBY, IN_SERVICE = "EnteringStandby", "Standby", "InService"

# What every other LifecycleState is, or begins with (autoscaling API reference, Instance); who is no member
# has none.
OTHERS = {
    *("", "Warmed", "Pending", "Quarantined", "Terminating", "Terminated", "Detaching", "Detached"),
    *("ReplacingRootVolume", "RootVolumeReplaced"),
}

# How the LifecycleState begins of those in a warm pool, and of those that a lifecycle hook holds.
NOT_IN_SERVICE_YET = ("Warmed:", "Pending:")

# Status of an instance refresh that has ended, in one way or another.
REFRESHED = {"Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"}

# The process that leaving Standby counts for (AWS, autoscaling/as-enter-exit-standby).
LAUNCHING = "Launch"


class StandbyRefused(AwsError):
    """The group's sizes, or a member's state, do not allow it at this moment."""


class AutoScalingGroup:
    """One group as it was when last looked at.

    Attributes:
        min_size: The least that the group keeps in service, in instances.
        max_size: The most that it may have in service.
        desired: What it aims at now.
        suspended: The processes that somebody has suspended.
        tags: The group's own tags.
        lifecycle: Each member's LifecycleState, by instance id.
        addresses: The load balancers that are attached to it, as ``target-group:NAME`` or ``classic:NAME``.
    """

    def __init__(self, aws: Aws, entry: Mapping[str, Any]) -> None:
        """Wrap one entry of DescribeAutoScalingGroups."""
        self._aws = aws
        self.name = str(entry["AutoScalingGroupName"])
        self._take(entry)

    def _take(self, entry: Mapping[str, Any]) -> None:
        self.min_size = int(entry["MinSize"])
        self.max_size = int(entry["MaxSize"])
        self.desired = int(entry["DesiredCapacity"])
        self.suspended = {each["ProcessName"] for each in entry["SuspendedProcesses"]}
        self.tags = {tag["Key"]: tag["Value"] for tag in entry["Tags"]}
        self.lifecycle = {each["InstanceId"]: each["LifecycleState"] for each in entry["Instances"]}
        self.zones = set(entry["AvailabilityZones"])
        self.addresses = set(_addresses(entry))

    def look(self) -> None:
        """See how it is now."""
        for entry in _described(self._aws, [self.name]):
            self._take(entry)

    def look_at(self, ids: Iterable[str]) -> None:
        """See what state these members are in now; one that left the group has none."""
        for some in parts(list(ids), MOST_ASKED):
            answer = self._aws.call(
                "autoscaling", "describe_auto_scaling_instances", self.name, InstanceIds=some
            )
            seen = {e["InstanceId"]: e["LifecycleState"] for e in answer["AutoScalingInstances"]}
            for each in some:
                self.lifecycle[each] = seen.get(each, "")

    def enter_standby(self, ids: Sequence[str]) -> None:
        """Take members out of service and out of the load balancers, with no others launched for them.

        Raises:
            StandbyRefused: Sizes or states do not allow it now.
        """
        with refused({"ValidationError"}, StandbyRefused):
            self._move("enter_standby", ENTERING, ids, ShouldDecrementDesiredCapacity=True)

    def exit_standby(self, ids: Sequence[str]) -> None:
        """Put members back into service and into the load balancers.

        Raises:
            StandbyRefused: Sizes, states or suspended processes do not allow it now.
        """
        with refused({"ValidationError"}, StandbyRefused):
            self._move("exit_standby", "Pending", ids)

    def _move(self, operation: str, state: str, ids: Sequence[str], **how: Any) -> None:
        for some in parts(ids, MOST_MOVED):
            group = {"AutoScalingGroupName": self.name}
            before = dict(self.lifecycle)
            # Noted first: a cancel may come between an order and its answer.
            self.lifecycle.update(dict.fromkeys(some, state))
            try:
                self._aws.call("autoscaling", operation, self.name, InstanceIds=some, **group, **how)
            except AwsError as error:
                if error.refusal:
                    self.lifecycle = before
                raise

    def refresh(self) -> str:
        """Return the status of the instance refresh that is not over yet, empty if there is none."""
        # Those in progress are described first (AWS, autoscaling/check-status-instance-refresh).
        told = self._aws.call(
            "autoscaling", "describe_instance_refreshes", self.name, AutoScalingGroupName=self.name
        )
        statuses = (str(each["Status"]) for each in told["InstanceRefreshes"])
        return next((status for status in statuses if status not in REFRESHED), "")

    def set_min_size(self, size: int) -> None:
        self._change("update_auto_scaling_group", MinSize=size)
        self.min_size = size

    def set_max_size(self, size: int) -> None:
        """Change the maximum size; below the desired capacity, the group ends members until it fits."""
        self._change("update_auto_scaling_group", MaxSize=size)
        self.max_size = size

    def suspend(self, processes: Sequence[str]) -> None:
        self._change("suspend_processes", ScalingProcesses=list(processes))
        self.suspended |= set(processes)

    def resume(self, processes: Sequence[str]) -> None:
        self._change("resume_processes", ScalingProcesses=list(processes))
        self.suspended -= set(processes)

    def tag(self, key: str, value: str) -> None:
        tag = {**self._tag(key), "Value": value, "PropagateAtLaunch": False}
        # Noted first: a cancel may come between an order and its answer.
        self.tags[key] = value
        self._aws.call("autoscaling", "create_or_update_tags", self.name, Tags=[tag])

    def untag(self, key: str) -> None:
        self._aws.call("autoscaling", "delete_tags", self.name, Tags=[self._tag(key)])
        self.tags.pop(key, None)

    def _tag(self, key: str) -> dict[str, str]:
        return {"ResourceId": self.name, "ResourceType": "auto-scaling-group", "Key": key}

    def _change(self, operation: str, **parameters: Any) -> None:
        self._aws.call("autoscaling", operation, self.name, AutoScalingGroupName=self.name, **parameters)


def is_known(state: str) -> bool:
    """Whether a LifecycleState is one of those that there were when this was written."""
    return state.partition(":")[0] in OTHERS | {ENTERING, STANDBY, IN_SERVICE}


def find_groups(aws: Aws, names: Iterable[str]) -> Mapping[str, AutoScalingGroup]:
    """Return the groups of these names that exist, by name."""
    wanted = sorted(set(names))
    return {group.name: group for group in (AutoScalingGroup(aws, e) for e in _described(aws, wanted))}


def _described(aws: Aws, names: list[str]) -> list[Mapping[str, Any]]:
    operation, key = "describe_auto_scaling_groups", "AutoScalingGroups"
    return [
        entry
        for some in parts(names, MOST_ASKED)
        for entry in aws.pages("autoscaling", operation, key, AutoScalingGroupNames=some)
    ]


def _addresses(entry: Mapping[str, Any]) -> Iterator[str]:
    # A group attached as a "traffic source" is listed under that name as well, or only there.
    sources = [source["Identifier"] for source in entry.get("TrafficSources", [])]
    for arn in [*entry["TargetGroupARNs"], *sources]:
        if ":targetgroup/" in arn:
            yield f"target-group:{arn.partition(':targetgroup/')[2].partition('/')[0]}"
    for name in entry["LoadBalancerNames"]:
        yield f"classic:{name}"
