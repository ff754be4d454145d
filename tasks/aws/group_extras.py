"""What an Auto Scaling group has beside itself: policies, schedules, notifications, metrics, a warm pool.

Source: Amazon EC2 Auto Scaling API reference, for each call what it takes and what its Describe tells.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tasks.aws.answer import plain
from tasks.aws.api import Aws
from tasks.aws.cloned_alarms import alarm_extras
from tasks.aws.extra import Extra

# Actions in one order (BatchPutScheduledUpdateGroupAction); each is put by itself here, as they are few.
SCALING = "autoscaling"

# The metric whose label names a load balancer and a target group.
PER_TARGET = "ALBRequestCountPerTarget"


@dataclass(frozen=True)
class Extras:
    """What a clone still lacks, and what it cannot have, in words."""

    missing: Sequence[Extra]
    left: Sequence[str]


def extras(
    aws: Aws, source: str, name: str, labels: Mapping[str, str], now: datetime, *, exists: bool
) -> Extras:
    """Compare the group *source* with its clone *name*.

    Args:
        labels: By the tail of a target group's ARN, what a policy's label calls the clone's own: load
            balancer and target group; none while no load balancer sends to it.
        exists: Whether the clone is there already.
    """
    left: list[str] = []
    missing = [
        *_policies(aws, source, name, labels, left, exists=exists),
        *_schedules(aws, source, name, now, left, exists=exists),
        *_notifications(aws, source, name, exists=exists),
    ]
    return Extras(missing, left)


def _policies(
    aws: Aws, source: str, name: str, labels: Mapping[str, str], left: list[str], *, exists: bool
) -> Iterator[Extra]:
    taken = aws.takes(SCALING, "put_scaling_policy")
    theirs, ours = _policies_of(aws, source), _policies_of(aws, name) if exists else []
    had = {each["PolicyName"] for each in ours}
    for policy in theirs:
        called = policy["PolicyName"]
        request = {key: value for key, value in policy.items() if key in taken and value not in ("", [], {})}
        request["AutoScalingGroupName"] = name
        if policy["PolicyType"] == "TargetTrackingScaling":
            if not _labelled(request, labels):
                left.append(
                    f"policy {called} follows the requests per target of a group that no load balancer sends "
                    "to yet: run this again when one does"
                )
                continue
        elif policy["PolicyType"] == "PredictiveScaling":
            request["PredictiveScalingConfiguration"]["Mode"] = "ForecastOnly"
            left.append(f"policy {called} forecasts only, until it is told to scale")
        if called not in had:
            yield Extra(f"policy {called}", _order(aws, "put_scaling_policy", name, request))
    both = (source, name)
    yield from alarm_extras(aws, both, (theirs, ours), lambda: _policies_of(aws, name), labels, left)


def _policies_of(aws: Aws, group: str) -> list[dict[str, Any]]:
    told = aws.pages(SCALING, "describe_policies", "ScalingPolicies", AutoScalingGroupName=group)
    return [plain(each) for each in told]


def _labelled(request: dict[str, Any], labels: Mapping[str, str]) -> bool:
    """Have a label name the clone's own target group; whether it can."""
    metric = request.get("TargetTrackingConfiguration", {}).get("PredefinedMetricSpecification", {})
    if metric.get("PredefinedMetricType") != PER_TARGET:
        return True
    tail = "targetgroup/" + str(metric.get("ResourceLabel", "")).partition("/targetgroup/")[2]
    metric["ResourceLabel"] = labels.get(tail, "")
    return bool(metric["ResourceLabel"])


def _schedules(
    aws: Aws, source: str, name: str, now: datetime, left: list[str], *, exists: bool
) -> Iterator[Extra]:
    taken = aws.takes(SCALING, "put_scheduled_update_group_action") - {"Time"}
    had = {each["ScheduledActionName"] for each in _schedules_of(aws, name)} if exists else set()
    for action in _schedules_of(aws, source):
        called = action["ScheduledActionName"]
        request = {key: value for key, value in action.items() if key in taken and value not in ("", [])}
        request["AutoScalingGroupName"] = name
        # AWS takes no start in the past.
        if "StartTime" in request and request["StartTime"] <= now:
            del request["StartTime"]
            if "Recurrence" not in request:
                left.append(f"scheduled action {called} was for a time that has passed")
                continue
        if called not in had:
            words = f"scheduled action {called}"
            yield Extra(words, _order(aws, "put_scheduled_update_group_action", name, request))


def _schedules_of(aws: Aws, group: str) -> list[dict[str, Any]]:
    key = "ScheduledUpdateGroupActions"
    told = aws.pages(SCALING, "describe_scheduled_actions", key, AutoScalingGroupName=group)
    return [plain(each) for each in told]


def _notifications(aws: Aws, source: str, name: str, *, exists: bool) -> Iterator[Extra]:
    had = _notified(aws, name) if exists else {}
    for topic, kinds in _notified(aws, source).items():
        if had.get(topic) != kinds:
            request = {"AutoScalingGroupName": name, "TopicARN": topic, "NotificationTypes": kinds}
            words = f"notifications to {topic.rpartition(':')[2]}"
            yield Extra(words, _order(aws, "put_notification_configuration", name, request))


def _notified(aws: Aws, group: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in aws.pages(
        SCALING,
        "describe_notification_configurations",
        "NotificationConfigurations",
        AutoScalingGroupNames=[group],
    ):
        found.setdefault(each["TopicARN"], []).append(each["NotificationType"])
    return {topic: sorted(kinds) for topic, kinds in found.items()}


def finish(aws: Aws, source: Mapping[str, Any], clone: Mapping[str, Any], protection: str) -> list[Extra]:
    """Return what a clone gets once its instances are well: what would hinder them before.

    Args:
        source: Its entry of DescribeAutoScalingGroups.
        clone: The clone's.
    """
    name = str(clone["AutoScalingGroupName"])
    found = []
    metrics = {each["Metric"] for each in source.get("EnabledMetrics", [])}
    if metrics - {each["Metric"] for each in clone.get("EnabledMetrics", [])}:
        request: dict[str, Any] = {"Metrics": sorted(metrics), "Granularity": "1Minute"}
        found.append(
            Extra("metrics of the group", _order(aws, "enable_metrics_collection", name, _of(name, request)))
        )
    pool = source.get("WarmPoolConfiguration")
    if pool and not clone.get("WarmPoolConfiguration"):
        request = {
            key: plain(value) for key, value in pool.items() if key in aws.takes(SCALING, "put_warm_pool")
        }
        found.append(Extra("warm pool", _order(aws, "put_warm_pool", name, _of(name, request))))
    suspended = {each["ProcessName"] for each in source["SuspendedProcesses"]}
    if more := sorted(suspended - {each["ProcessName"] for each in clone["SuspendedProcesses"]}):
        words = f"suspended processes {', '.join(more)}"
        found.append(
            Extra(words, _order(aws, "suspend_processes", name, _of(name, {"ScalingProcesses": more})))
        )
    if protection != "none" and clone.get("DeletionProtection", "none") != protection:
        request = _of(name, {"DeletionProtection": protection})
        found.append(Extra("deletion protection", _order(aws, "update_auto_scaling_group", name, request)))
    return found


def _of(name: str, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"AutoScalingGroupName": name, **request}


def _order(aws: Aws, operation: str, subject: str, request: Mapping[str, Any]) -> Callable[[], None]:
    def make() -> None:
        aws.call(SCALING, operation, subject, **request)

    return make
