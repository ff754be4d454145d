"""What a group did and could not do: launches, and those that failed.

Sources: Amazon EC2 Auto Scaling API reference (DescribeScalingActivities, Activity); user guide, Troubleshoot
Amazon EC2 Auto Scaling: EC2 instance launch failures (the words; an image that is gone).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import found

# Seconds until a launch that failed is tried again; AWS waits longer each time.
AGAIN_AFTER = 60.0


class Activities:
    """The activities of each group, newest first."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock

    def corrections(self) -> Iterator[Correction]:
        yield Correction(AutoScalingResponse, "describe_scaling_activities", self.describe)

    def describe(self, response: Any) -> ActionResult:
        """DescribeScalingActivities: of one group."""
        asked = response._get_params()
        group = found(response.autoscaling_backend, asked["AutoScalingGroupName"])
        return ActionResult({"Activities": list(reversed(_of(group)))})

    def may_launch(self, group: Any) -> bool:
        """Whether a launch can succeed now; one that cannot is noted, and tried again later."""
        image = group.image_id
        if image not in group.ec2_backend.deleted_amis:
            return True
        if self._now() - getattr(group, "failed_at", -math.inf) >= AGAIN_AFTER:
            group.failed_at = self._now()
            self._note(
                group,
                "Failed",
                "Launching a new EC2 instance.",
                f"The image id '[{image}]' does not exist. Launching EC2 instance failed.",
            )
        return False

    def launched(self, group: Any, instance_id: str) -> None:
        """Note a launch."""
        self._note(group, "Successful", f"Launching a new EC2 instance: {instance_id}")

    def _note(self, group: Any, status: str, description: str, message: str = "") -> None:
        now = datetime.now(timezone.utc)
        words = f"{description}  Status Reason: {message}" if message else description
        _of(group).append(
            {
                "ActivityId": str(uuid4()),
                "AutoScalingGroupName": group.name,
                "Description": words,
                "Cause": f"At {now:%Y-%m-%dT%H:%M:%SZ} an instance was started in response to a difference "
                "between desired and actual capacity.",
                "StartTime": now,
                "EndTime": now,
                "StatusCode": status,
                **({"StatusMessage": message} if message else {}),
                "Progress": 100,
            }
        )


def _of(group: Any) -> list[dict[str, Any]]:
    if not hasattr(group, "activities"):
        group.activities = []
    activities: list[dict[str, Any]] = group.activities
    return activities
