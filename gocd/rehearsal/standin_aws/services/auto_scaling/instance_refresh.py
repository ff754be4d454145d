"""StartInstanceRefresh, DescribeInstanceRefreshes and CancelInstanceRefresh, none of which moto has.

Sources: Amazon EC2 Auto Scaling API reference (StartInstanceRefresh, InstanceRefresh, RefreshPreferences,
CancelInstanceRefresh); user guide, Use an instance refresh (rolling; the one-hour time-out), Check the status
(those in progress are described first), How suspended processes affect other processes (InstanceRefresh).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from moto.autoscaling.exceptions import AutoscalingClientError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import found, suspended

ENDED = {"Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"}
# Seconds that a refresh waits for members to return from Standby.
PATIENCE = 3600.0
STANDBY = ("EnteringStandby", "Standby")


@dataclass
class Refresh:
    """One refresh of a group, and the ids of those it still has to replace."""

    group: str
    preferences: Mapping[str, Any]
    left: list[str]
    size: int
    status: str = "Pending"
    reason: str = ""
    waits_since: float | None = None
    idle_since: float | None = None
    id: str = field(default_factory=lambda: str(uuid4()))
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    ended: datetime | None = None

    def end(self, status: str, reason: str = "") -> None:
        self.status, self.reason, self.ended = status, reason, datetime.now(timezone.utc)

    def told(self) -> dict[str, Any]:
        done = 100 * (self.size - len(self.left)) // self.size if self.size else 100
        return {
            "InstanceRefreshId": self.id,
            "AutoScalingGroupName": self.group,
            "Status": self.status,
            **({"StatusReason": self.reason} if self.reason else {}),
            "StartTime": self.started,
            **({"EndTime": self.ended} if self.ended else {}),
            "PercentageComplete": done,
            "InstancesToUpdate": len(self.left),
            "Preferences": dict(self.preferences),
            "Strategy": "Rolling",
        }


class InstanceRefreshes:
    """Replaces the members of a group one after the other: each is terminated, then another launched.

    That is AWS's way with up to ten members and no preferences; a desired configuration changes nothing here.
    Those in Standby are waited for, ignored or terminated, as the preferences say.
    """

    def __init__(self, clock: Clock) -> None:
        self._now = clock
        self._refreshes: dict[str, list[Refresh]] = {}

    def corrections(self) -> Iterator[Correction]:
        owner = AutoScalingResponse
        yield Correction(owner, "start_instance_refresh", self.start, added=True)
        yield Correction(owner, "describe_instance_refreshes", self.describe, added=True)
        yield Correction(owner, "cancel_instance_refresh", self.cancel, added=True)

    def forget(self) -> None:
        self._refreshes.clear()

    def start(self, response: Any) -> ActionResult:
        """StartInstanceRefresh: one at a time."""
        asked = response._get_params()
        group = found(response.autoscaling_backend, asked["AutoScalingGroupName"])
        refreshes = self._refreshes.setdefault(group.name, [])
        if self._running(group.name):
            text = "An Instance Refresh is already in progress and blocks the execution of this one."
            raise AutoscalingClientError("InstanceRefreshInProgress", text)
        preferences = asked.get("Preferences") or {}
        members = (
            [] if preferences.get("SkipMatching") else [each.instance.id for each in group.instance_states]
        )
        refresh = Refresh(group.name, preferences, members, len(members))
        refreshes.insert(0, refresh)
        return ActionResult({"InstanceRefreshId": refresh.id})

    def describe(self, response: Any) -> ActionResult:
        """DescribeInstanceRefreshes: the newest first."""
        asked = response._get_params()
        group = found(response.autoscaling_backend, asked["AutoScalingGroupName"])
        return ActionResult(
            {"InstanceRefreshes": [each.told() for each in self._refreshes.get(group.name, [])]}
        )

    def cancel(self, response: Any) -> ActionResult:
        """CancelInstanceRefresh: what was replaced stays."""
        asked = response._get_params()
        group = found(response.autoscaling_backend, asked["AutoScalingGroupName"])
        refresh = self._running(group.name)
        if refresh is None:
            text = "No in progress or pending Instance Refresh found for Auto Scaling group " + group.name
            raise AutoscalingClientError("ActiveInstanceRefreshNotFound", text)
        refresh.status = "Cancelling"
        return ActionResult({"InstanceRefreshId": refresh.id})

    def act(self, group: Any) -> None:
        """Let a group's refresh go a step further."""
        refresh = self._running(group.name)
        if refresh is None or "InstanceRefresh" in suspended(group):
            return
        busy = any(
            each.lifecycle_state.startswith(("Pending", "Terminating")) for each in group.instance_states
        )
        if refresh.status == "Cancelling":
            if not busy:
                refresh.end("Cancelled")
            return
        refresh.status = "InProgress"
        members = {each.instance.id: each for each in group.instance_states}
        refresh.left = [each for each in refresh.left if each in members]
        if busy:
            refresh.idle_since = None
            return
        if refresh.idle_since is None:
            refresh.idle_since = self._now()
        warm = float(refresh.preferences.get("InstanceWarmup") or group.health_check_grace_period or 0)
        if refresh.size > len(refresh.left) and self._now() - refresh.idle_since < warm:
            return
        self._replace_next(refresh, members)

    def _replace_next(self, refresh: Refresh, members: Mapping[str, Any]) -> None:
        standby = [each for each in refresh.left if members[each].lifecycle_state in STANDBY]
        behaviour = refresh.preferences.get("StandbyInstances", "Wait")
        if behaviour == "Ignore":
            refresh.left = [each for each in refresh.left if each not in standby]
        in_turn = [each for each in refresh.left if behaviour == "Terminate" or each not in standby]
        if in_turn:
            refresh.waits_since = None
            members[in_turn[0]].lifecycle_state = "Terminating"
        elif refresh.left:
            self._wait(refresh, standby)
        else:
            self._bake(refresh)

    def _wait(self, refresh: Refresh, standby: list[str]) -> None:
        if refresh.waits_since is None:
            refresh.waits_since = self._now()
        refresh.reason = f"Waiting for instances before continuing. Standby: {', '.join(standby)}."
        if self._now() - refresh.waits_since > PATIENCE:
            refresh.end("Failed", refresh.reason)

    def _bake(self, refresh: Refresh) -> None:
        assert refresh.idle_since is not None
        if self._now() - refresh.idle_since < float(refresh.preferences.get("BakeTime") or 0):
            refresh.status = "Baking"
        else:
            refresh.end("Successful")

    def _running(self, group: str) -> Refresh | None:
        return next((each for each in self._refreshes.get(group, []) if each.status not in ENDED), None)
