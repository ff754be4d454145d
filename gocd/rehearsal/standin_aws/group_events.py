"""What happens to an Auto Scaling group by itself while people deploy to it, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from gocd.rehearsal.standin_aws.world import World


class GroupEvents:
    """Alarms, schedules, refreshes and hooks of one group, made through the API as any client does."""

    def __init__(self, world: World, group: str) -> None:
        self._group = {"AutoScalingGroupName": group}
        self._name = group
        self._scaling = world.client("autoscaling")
        self._watch = world.client("cloudwatch")

    def policy(self, name: str, by: int) -> None:
        """Give it a scaling policy that adds *by* members, with an alarm that is not in breach."""
        policy = self._scaling.put_scaling_policy(
            **self._group,
            PolicyName=name,
            AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=by,
            Cooldown=0,
        )
        self._watch.put_metric_alarm(
            **_LOAD, AlarmName=self._alarm(name), AlarmActions=[policy["PolicyARN"]], ActionsEnabled=True
        )

    def breach(self, name: str) -> None:
        """Have the alarm of this policy in breach from now on, so that the policy acts while it may."""
        self._set(name, "ALARM")

    def calm(self, name: str) -> None:
        """Have the alarm of this policy in breach no more."""
        self._set(name, "OK")

    def schedule(self, name: str, *, after: float, **sizes: int) -> None:
        """Have its ``MinSize``, ``MaxSize`` or ``DesiredCapacity`` changed in so many of AWS's seconds."""
        self._scaling.put_scheduled_update_group_action(
            **self._group,
            **sizes,
            ScheduledActionName=name,
            StartTime=datetime.now(timezone.utc) + timedelta(seconds=after),
        )

    def refresh(self, **preferences: str | int) -> None:
        """Start an instance refresh, with preferences such as ``StandbyInstances``."""
        self._scaling.start_instance_refresh(**self._group, Preferences=preferences)

    def cancel_refresh(self) -> None:
        """Cancel the refresh that is in progress."""
        self._scaling.cancel_instance_refresh(**self._group)

    @property
    def refresh_status(self) -> str:
        """The status of the refresh that was started last."""
        told = self._scaling.describe_instance_refreshes(**self._group)["InstanceRefreshes"]
        return str(told[0]["Status"])

    def hook(self, name: str, *, timeout: int, result: str = "ABANDON", launching: bool = True) -> None:
        """Have those that are launched, or else those that are terminated, held until they are let go."""
        self._scaling.put_lifecycle_hook(
            **self._group,
            LifecycleHookName=name,
            LifecycleTransition=f"autoscaling:EC2_INSTANCE_{'LAUNCHING' if launching else 'TERMINATING'}",
            HeartbeatTimeout=timeout,
            DefaultResult=result,
        )

    def let_go(self, name: str, instance_id: str, result: str = "CONTINUE") -> None:
        """End what the hook of this name holds an instance for."""
        self._scaling.complete_lifecycle_action(
            **self._group, LifecycleHookName=name, InstanceId=instance_id, LifecycleActionResult=result
        )

    def warm_pool(self, state: str = "Stopped") -> None:
        """Keep instances ready for all that it may still grow by."""
        self._scaling.put_warm_pool(**self._group, PoolState=state)

    def _alarm(self, policy: str) -> str:
        return f"{self._name}-{policy}"

    def _set(self, policy: str, state: str) -> None:
        self._watch.set_alarm_state(AlarmName=self._alarm(policy), StateValue=state, StateReason="load")


_LOAD: Mapping[str, Any] = {
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "Period": 60,
    "Threshold": 70.0,
    "Statistic": "Average",
}
