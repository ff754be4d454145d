"""What an Auto Scaling group has that a second one is created with, read from the first.

Source: Amazon EC2 Auto Scaling API reference, CreateAutoScalingGroup and AutoScalingGroup: whatever both have
is taken over as it is, so that members which AWS adds come along.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.aws.answer import plain
from tasks.aws.api import Aws

# AWS's own, which nobody else may set (API reference, Tag), and ours, which are about that one group.
NOT_OURS_TO_COPY = ("aws:", "gocd-tasks:")

# Which clone is whose: on the group and its target groups, and on a stack.
CLONE_OF = "gocd-tasks:clone-of"

# Told of a group that there is; nothing of it can be asked for.
ONLY_READ = {
    *("AutoScalingGroupARN", "CreatedTime", "EnabledMetrics", "Instances", "PredictedCapacity", "Status"),
    *("SuspendedProcesses", "WarmPoolConfiguration", "WarmPoolSize"),
}
# A clone has others; AvailabilityZones follow from the subnets.
REPLACED = {
    *("AutoScalingGroupName", "TargetGroupARNs", "LoadBalancerNames", "TrafficSources", "Tags"),
    *("MinSize", "MaxSize", "DesiredCapacity", "AvailabilityZoneIds"),
}
# Set last: a clone that fails must be possible to delete.
PROTECTION = "DeletionProtection"


@dataclass(frozen=True)
class GroupEntry:
    """One entry of DescribeAutoScalingGroups, and the hooks that belong to it."""

    entry: Mapping[str, Any]
    hooks: Sequence[Mapping[str, Any]] = ()

    @property
    def name(self) -> str:
        return str(self.entry["AutoScalingGroupName"])

    @property
    def arn(self) -> str:
        return str(self.entry["AutoScalingGroupARN"])

    @property
    def tags(self) -> dict[str, str]:
        return {each["Key"]: each.get("Value", "") for each in self.entry["Tags"]}

    @property
    def target_groups(self) -> list[str]:
        """The ARNs of its target groups, attached in either of two ways."""
        sources = [each["Identifier"] for each in self.entry.get("TrafficSources", [])]
        arns = [*self.entry["TargetGroupARNs"], *sources]
        return list(dict.fromkeys(arn for arn in arns if ":targetgroup/" in arn))

    @property
    def elsewhere(self) -> list[str]:
        """What else sends to it: classic load balancers, and services of VPC Lattice."""
        sources = [each["Identifier"] for each in self.entry.get("TrafficSources", [])]
        others = [each for each in sources if ":targetgroup/" not in each]
        return list(dict.fromkeys([*self.entry["LoadBalancerNames"], *others]))

    @property
    def in_service(self) -> int:
        return sum(each["LifecycleState"] == "InService" for each in self.entry["Instances"])

    @property
    def protection(self) -> str:
        return str(self.entry.get(PROTECTION, "none"))

    @property
    def versions(self) -> dict[str, set[str]]:
        """The versions of each launch template that its instances were launched from, by its id."""
        found: dict[str, set[str]] = {}
        for each in self.entry["Instances"]:
            if template := each.get("LaunchTemplate"):
                found.setdefault(template["LaunchTemplateId"], set()).add(template.get("Version", ""))
        return found


def read_group(aws: Aws, name: str) -> GroupEntry | None:
    """Return the group of this name with its hooks, or None."""
    entries = aws.pages(
        "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=[name]
    )
    if not entries:
        return None
    told = aws.call("autoscaling", "describe_lifecycle_hooks", name, AutoScalingGroupName=name)
    return GroupEntry(entries[0], [plain(hook) for hook in told["LifecycleHooks"]])


def all_clones(aws: Aws) -> list[GroupEntry]:
    """Return the groups that were cloned from another one."""
    which = [{"Name": "tag-key", "Values": [CLONE_OF]}]
    entries = aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", Filters=which)
    return [GroupEntry(each) for each in entries]


def settings_of(aws: Aws, source: GroupEntry) -> tuple[dict[str, Any], list[str]]:
    """Return what a clone is created with beside name, sizes, tags and load balancers; and what cannot be."""
    taken = aws.takes("autoscaling", "create_auto_scaling_group")
    told = {name: plain(value) for name, value in source.entry.items()}
    settings = {
        name: value
        for name, value in told.items()
        if name in taken and name not in REPLACED | {PROTECTION} and value not in ("", [], {})
    }
    if "VPCZoneIdentifier" in settings:
        settings.pop("AvailabilityZones", None)
    left = sorted(name for name in told if name not in taken | ONLY_READ | REPLACED)
    hooks = aws.takes("autoscaling", "put_lifecycle_hook") - {"AutoScalingGroupName"}
    if source.hooks:
        settings["LifecycleHookSpecificationList"] = [
            {name: value for name, value in hook.items() if name in hooks} for hook in source.hooks
        ]
    return _pinned(settings, source.versions), left


def tags_of(source: GroupEntry, name: str) -> list[dict[str, Any]]:
    """Return the tags of a clone called *name*: the same, its own name where the other's is the value."""
    return [
        {
            "Key": each["Key"],
            "Value": name if each.get("Value") == source.name else each.get("Value", ""),
            "PropagateAtLaunch": each.get("PropagateAtLaunch", False),
        }
        for each in source.entry["Tags"]
        if not each["Key"].startswith(NOT_OURS_TO_COPY)
    ]


def _pinned(value: Any, versions: Mapping[str, Iterable[str]]) -> Any:
    """Return *value* with every launch template by its id alone, and the version that instances show.

    ``$Latest`` and ``$Default`` may have moved since. Of several versions shown none is pinned.
    """
    if isinstance(value, list):
        return [_pinned(each, versions) for each in value]
    if not isinstance(value, dict):
        return value
    pinned = {name: _pinned(each, versions) for name, each in value.items()}
    if "LaunchTemplateId" in pinned:
        pinned.pop("LaunchTemplateName", None)
        if len(shown := sorted(versions.get(pinned["LaunchTemplateId"], ()))) == 1 and shown[0]:
            pinned["Version"] = shown[0]
    return pinned
