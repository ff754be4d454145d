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
        self._schedule = AutoScalingBackend.put_scheduled_update_group_action

    def corrections(self) -> Iterator[Correction]:
        owner = AutoScalingBackend
        yield Correction(AutoScalingResponse, "put_scaling_policy", self.put)
        yield Correction(owner, "execute_policy", self.execute)
        yield Correction(owner, "put_scheduled_update_group_action", self.schedule)

    def put(self, response: Any) -> ActionResult:
        """PutScalingPolicy: moto spells the ARN otherwise than AWS, so that no client finds it."""
        told: Any = self._put(response).result
        return ActionResult({"PolicyARN": told["PolicyArn"], "Alarms": []})

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
        action.due = math.inf
        if action.start_time:
            ahead = (_moment(action.start_time) - datetime.now(timezone.utc)).total_seconds()
            if ahead < -1:
                del backend.scheduled_actions[action.scheduled_action_name]
                raise ValidationError("Given start time is in the past")
            action.due = self._now() + ahead
        return action

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
        # Loading CloudWatch takes a while, and few worlds have an alarm.
        from moto.cloudwatch.models import cloudwatch_backends  # noqa: PLC0415

        alarms = cloudwatch_backends[ACCOUNT][group.region].alarms.values()
        return any(
            each.state_value == "ALARM" and each.actions_enabled and policy.arn in each.alarm_actions
            for each in alarms
        )


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
