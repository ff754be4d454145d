"""What changes a group's desired capacity by itself: scaling policies, called by alarms, and schedules.

Sources: Amazon EC2 Auto Scaling user guide, Dynamic scaling (never below the minimum or above the maximum
capacity), Simple scaling policies (a scaling activity in progress and the cooldown are waited for), How
suspended processes affect other processes, Scheduled scaling; Amazon CloudWatch user guide, Alarm actions (an
alarm goes on calling Auto Scaling once a minute as long as it is in breach).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.services.auto_scaling.group_members import COMING_AND_GOING
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import found, resized, suspended

# Seconds between two calls of an alarm that stays in breach.
ALARM_PERIOD = 60.0


class GroupScaling:
    """Simple scaling policies, called by ExecutePolicy or by alarms, and actions scheduled for a start time.

    A suspended AlarmNotification is made up for when it is resumed, if the alarm is in breach then; what
    falls due while ScheduledActions is suspended never happens. Start times count from the real now, in
    seconds of the stand-in's own clock; recurrences do not recur.
    """

    def __init__(self, clock: Clock) -> None:
        self._now = clock
        self._put = AutoScalingResponse.put_scaling_policy
        self._delete = AutoScalingResponse.delete_policy
        self._describe = AutoScalingResponse.describe_policies
        self._schedule = AutoScalingBackend.put_scheduled_update_group_action

    def corrections(self) -> Iterator[Correction]:
        owner = AutoScalingBackend
        yield Correction(AutoScalingResponse, "put_scaling_policy", self.put)
        yield Correction(AutoScalingResponse, "delete_policy", self.delete)
        yield Correction(AutoScalingResponse, "describe_policies", self.describe)
        yield Correction(owner, "execute_policy", self.execute)
        yield Correction(owner, "put_scheduled_update_group_action", self.schedule)
        yield Correction(owner, "delete_scheduled_action", self.unschedule)

    def put(self, response: Any) -> ActionResult:
        """PutScalingPolicy: a name once in each group, not once in all; its ARN in AWS's spelling.

        One that tracks requests per target is refused unless that target group is the group's own
        (API reference, PredefinedMetricSpecification, ResourceLabel), and has alarms of its own.
        """
        asked, backend = response._get_params(), response.autoscaling_backend
        group = found(backend, asked["AutoScalingGroupName"])
        tracked = (asked.get("TargetTrackingConfiguration") or {}).get("PredefinedMetricSpecification") or {}
        label = tracked.get("ResourceLabel", "")
        if label and not any(label.endswith(arn.rpartition(":")[2]) for arn in group.target_group_arns):
            text = (
                f"The target group of the resource label {label} is not attached to the Auto Scaling group."
            )
            raise ValidationError(text)
        before = backend.policies.get(asked["PolicyName"])
        told: Any = self._put(response).result
        policy = backend.policies.pop(asked["PolicyName"])
        if before is not None:
            backend.policies[asked["PolicyName"]] = before
        backend.policies[f"{group.name}/{policy.name}"] = policy
        policy.enabled = asked.get("Enabled", True)
        policy.alarms = _alarms(policy, group) if policy.policy_type == "TargetTrackingScaling" else []
        return ActionResult({"PolicyARN": told["PolicyArn"], "Alarms": policy.alarms})

    def describe(self, response: Any) -> Any:
        """DescribePolicies: with the alarms that call them (API reference, ScalingPolicy: Alarms)."""
        backend = response.autoscaling_backend
        for policy in backend.policies.values():
            if policy.policy_type != "TargetTrackingScaling":
                policy.alarms = [
                    {"AlarmName": each.name, "AlarmARN": each.alarm_arn}
                    for each in _calling(policy, backend.region_name)
                ]
        return self._describe(response)

    def delete(self, response: Any) -> ActionResult:
        """DeletePolicy: by name within a group, or by ARN."""
        asked, backend = response._get_params(), response.autoscaling_backend
        for key, policy in list(backend.policies.items()):
            if (
                asked["PolicyName"] == policy.arn
                or key == f"{asked.get('AutoScalingGroupName')}/{policy.name}"
            ):
                del backend.policies[key]
        return ActionResult({})

    def execute(self, backend: Any, name: str) -> None:
        """ExecutePolicy: as far as the group's bounds allow; AlarmNotification has no say in it."""
        policy = next((each for each in backend.policies.values() if name in (each.name, each.arn)), None)
        if policy is None:
            raise ValidationError(f"No scaling policy found with name {name}")
        group = found(backend, policy.auto_scaling_group_name)
        bounded = min(max(_adjusted(policy, group.desired_capacity), group.min_size), group.max_size)
        policy.acted = self._now()
        if bounded != group.desired_capacity:
            group.set_desired_capacity(bounded)

    def schedule(self, backend: Any, name: str, *arguments: Any, **named: Any) -> Any:
        """PutScheduledUpdateGroupAction: not in the past."""
        found(backend, name)
        action: Any = self._schedule(backend, name, *arguments, **named)
        # A name once in each group, where moto has it once in all.
        own = f"{name}/{action.scheduled_action_name}"
        backend.scheduled_actions[own] = backend.scheduled_actions.pop(action.scheduled_action_name)
        action.due = math.inf
        if action.start_time:
            ahead = (_moment(action.start_time) - datetime.now(timezone.utc)).total_seconds()
            if ahead < -1:
                del backend.scheduled_actions[own]
                raise ValidationError("Given start time is in the past")
            action.due = self._now() + ahead
        return action

    def unschedule(self, backend: Any, auto_scaling_group_name: str, scheduled_action_name: str) -> None:
        """DeleteScheduledAction: one of this group's."""
        own = f"{auto_scaling_group_name}/{scheduled_action_name}"
        if backend.scheduled_actions.pop(own, None) is None:
            raise ValidationError("Scheduled action name not found")

    def act(self, backend: Any, group: Any) -> None:
        """Let what is due happen to one group."""
        for action in list(backend.scheduled_actions.values()):
            if action.auto_scaling_group_name == group.name and action.due <= self._now():
                action.due = math.inf
                if "ScheduledActions" not in suspended(group):
                    _run(action, group)
        for policy in list(backend.policies.values()):
            if policy.auto_scaling_group_name == group.name and self._called(policy, group):
                self.execute(backend, policy.name)

    def _called(self, policy: Any, group: Any) -> bool:
        busy = any(each.lifecycle_state in COMING_AND_GOING for each in group.instance_states)
        pause = max(ALARM_PERIOD, float(policy.cooldown or 0))
        acted = getattr(policy, "acted", -math.inf)
        if busy or "AlarmNotification" in suspended(group) or self._now() - acted < pause:
            return False
        calling = _calling(policy, group.region)
        return any(each.state_value == "ALARM" and each.actions_enabled for each in calling)


def _calling(policy: Any, region: str) -> list[Any]:
    """Return the alarms that call a policy."""
    # Loading CloudWatch takes a while, and few worlds have an alarm.
    from moto.cloudwatch.models import cloudwatch_backends  # noqa: PLC0415

    alarms = cloudwatch_backends[ACCOUNT][region].alarms.values()
    return [each for each in alarms if policy.arn in each.alarm_actions]


def _alarms(policy: Any, group: Any) -> list[dict[str, str]]:
    """Name the alarms that Auto Scaling makes for a target tracking policy."""
    stem = f"TargetTracking-{group.name}-"
    return [
        {
            "AlarmName": f"{stem}{side}-{policy.name}",
            "AlarmARN": f"arn:aws:cloudwatch:{group.region}:{ACCOUNT}:alarm:{stem}{side}-{policy.name}",
        }
        for side in ("AlarmHigh", "AlarmLow")
    ]


def _run(action: Any, group: Any) -> None:
    """Run a scheduled action; sizes that contradict each other fail it, and nobody is told."""
    asked = (action.min_size, action.desired_capacity, action.max_size)
    with suppress(ValidationError):
        group.min_size, desired, group.max_size = resized(group, *asked)
        group.set_desired_capacity(desired)


def _adjusted(policy: Any, capacity: int) -> int:
    """Give the capacity that a policy asks for (user guide, Step and simple scaling: adjustment types)."""
    adjustment = int(policy.scaling_adjustment or 0)
    if policy.adjustment_type == "ExactCapacity":
        return adjustment
    if policy.adjustment_type == "ChangeInCapacity":
        return capacity + adjustment
    change = capacity * adjustment / 100
    if 0 < abs(change) < 1:
        return capacity + (1 if change > 0 else -1)
    return capacity + int(change)


def _moment(given: Any) -> datetime:
    moment = (
        given if isinstance(given, datetime) else datetime.fromisoformat(str(given).replace("Z", "+00:00"))
    )
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
