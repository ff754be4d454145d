"""The end of an Auto Scaling group: refused while it has instances, unless it is forced.

Sources: Amazon EC2 Auto Scaling API reference, DeleteAutoScalingGroup (ForceDelete; ResourceInUse;
ScalingActivityInProgress) and CreateAutoScalingGroup (DeletionProtection).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import found


class Deletion:
    """Refuses what AWS refuses; *end* ends a group with its instances."""

    def __init__(self, end: Callable[[Any, str], None]) -> None:
        self._end = end

    def corrections(self) -> Iterator[Correction]:
        yield Correction(AutoScalingResponse, "delete_auto_scaling_group", self.delete)

    def delete(self, response: Any) -> Any:
        """DeleteAutoScalingGroup: its policies, hooks and schedules go with it."""
        asked, backend = response._get_params(), response.autoscaling_backend
        group = found(backend, asked["AutoScalingGroupName"])
        forced = bool(asked.get("ForceDelete"))
        protection = getattr(group, "deletion_protection", "none")
        if protection == "prevent-all-deletion" or (forced and protection == "prevent-force-deletion"):
            raise ValidationError(f"AutoScalingGroup {group.name} is protected: {protection}.")
        leaving = [each for each in group.instance_states if each.lifecycle_state.startswith("Terminating")]
        if leaving and not forced:
            text = "You cannot delete an AutoScalingGroup while there are scaling activities in progress "
            raise AutoscalingClientError("ScalingActivityInProgress", f"{text}for that group.")
        if group.instance_states and not forced:
            text = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
            raise AutoscalingClientError("ResourceInUse", f"{text}request(s) still in the group.")
        self._end(backend, group.name)
        for records in (backend.policies, backend.lifecycle_hooks, backend.scheduled_actions):
            for key in [key for key, each in records.items() if _of(each) == group.name]:
                del records[key]
        return EmptyResult()


def _of(record: Any) -> str:
    return str(record.auto_scaling_group_name)
