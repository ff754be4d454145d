"""Lifecycle hooks, which hold members that are launched or terminated until somebody lets them go on.

Sources: Amazon EC2 Auto Scaling user guide, Lifecycle hooks (availability: for launches and terminations, not
for instances that are attached, detached, or moved in and out of standby), How lifecycle hooks work; API
reference, PutLifecycleHook (HeartbeatTimeout, DefaultResult), CompleteLifecycleAction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import found

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
CONTINUE, ABANDON = "CONTINUE", "ABANDON"


class LifecycleHooks:
    """Holds a member for each of its group's hooks, up to the hook's heartbeat timeout."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock

    def corrections(self) -> Iterator[Correction]:
        owner = AutoScalingResponse
        yield Correction(owner, "complete_lifecycle_action", self.complete, added=True)
        yield Correction(owner, "record_lifecycle_action_heartbeat", self.heartbeat, added=True)

    def hold(self, backend: Any, member: Any, transition: str) -> bool:
        """Begin to hold a member, if its group has hooks for this."""
        member.held = {
            hook.name: (hook, self._now() + hook.heartbeat_timeout)
            for hook in backend.lifecycle_hooks.values()
            if hook.auto_scaling_group_name == member.auto_scaling_group_name
            and hook.lifecycle_transition == transition
        }
        return bool(member.held)

    def verdict(self, member: Any) -> str:
        """Give how a member that is held goes on, empty while it does not."""
        for name, (hook, deadline) in list(member.held.items()):
            if self._now() >= deadline:
                self._end(member, name, hook.default_result)
        return "" if member.held else CONTINUE

    def complete(self, response: Any) -> ActionResult:
        """CompleteLifecycleAction: by the instance's id."""
        member, name = self._held(response)
        self._end(member, name, response._get_params()["LifecycleActionResult"])
        return ActionResult({})

    def heartbeat(self, response: Any) -> ActionResult:
        """RecordLifecycleActionHeartbeat: the timeout begins anew."""
        member, name = self._held(response)
        hook, _ = member.held[name]
        member.held[name] = (hook, self._now() + hook.heartbeat_timeout)
        return ActionResult({})

    def _held(self, response: Any) -> tuple[Any, str]:
        asked = response._get_params()
        group = found(response.autoscaling_backend, asked["AutoScalingGroupName"])
        for member in group.instance_states:
            waits = member.lifecycle_state.endswith(":Wait") and asked["LifecycleHookName"] in member.held
            if member.instance.id == asked.get("InstanceId") and waits:
                return member, asked["LifecycleHookName"]
        raise ValidationError(f"No active Lifecycle Action found with instance ID {asked.get('InstanceId')}")

    def _end(self, member: Any, name: str, result: str) -> None:
        del member.held[name]
        # An abandoned launch ends in a termination, whatever the other hooks still do.
        if result == ABANDON and member.lifecycle_state == "Pending:Wait":
            member.held.clear()
            member.lifecycle_state = "Terminating"
