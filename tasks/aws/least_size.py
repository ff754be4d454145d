"""The least size of an Auto Scaling group, raised for a while; a tag of the group has what it usually is.

Source: Amazon EC2 Auto Scaling API reference, UpdateAutoScalingGroup: a MinSize above the desired capacity
raises that as well, and one above MaxSize is refused.
"""

from tasks.aws.api import Aws
from tasks.aws.cloned_group import GroupEntry

# What the least size is once nobody needs more.
USUAL = "gocd-tasks:usual-min-size"


def groups_behind(aws: Aws, target_group: str) -> list[GroupEntry]:
    """Return the groups that register with a target group, given by its ARN."""
    entries = aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    return [each for each in map(GroupEntry, entries) if target_group in each.target_groups]


def groups_named(aws: Aws, names: list[str]) -> list[GroupEntry]:
    """Return the groups of these names that there are."""
    if not names:
        return []
    entries = aws.pages(
        "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=names
    )
    return [GroupEntry(each) for each in entries]


def raise_least(aws: Aws, group: GroupEntry, size: int) -> bool:
    """Have a group keep *size* instances at least, as far as its maximum allows; whether it did not yet."""
    least, size = int(group.entry["MinSize"]), min(size, int(group.entry["MaxSize"]))
    if size <= least:
        return False
    if USUAL not in group.tags:
        tag = {**_tag(group), "Value": str(least), "PropagateAtLaunch": False}
        aws.call("autoscaling", "create_or_update_tags", group.name, Tags=[tag])
    _update(aws, group, size)
    return True


def restore_least(aws: Aws, group: GroupEntry) -> int | None:
    """Let a group become as small again as it usually may, and return that; None if it may already."""
    usual = group.tags.get(USUAL)
    if usual is None:
        return None
    lower = usual.isascii() and usual.isdecimal() and int(usual) < int(group.entry["MinSize"])
    if lower:
        _update(aws, group, int(usual))
    aws.call("autoscaling", "delete_tags", group.name, Tags=[_tag(group)])
    return int(usual) if lower else None


def _update(aws: Aws, group: GroupEntry, least: int) -> None:
    name = group.name
    aws.call("autoscaling", "update_auto_scaling_group", name, AutoScalingGroupName=name, MinSize=least)


def _tag(group: GroupEntry) -> dict[str, str]:
    return {"ResourceId": group.name, "ResourceType": "auto-scaling-group", "Key": USUAL}
