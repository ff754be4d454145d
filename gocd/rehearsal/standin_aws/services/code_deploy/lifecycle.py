"""One CodeDeploy deployment on one instance: which commands its agent is given, event by event.

Sources: CodeDeploy API reference (LifecycleEvent, Diagnostics); user guide, AppSpec 'hooks' section.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.code_deploy.agent.agent import Agent
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import (
    FAILED_AFTER_RESTART,
    SUCCESS,
    AgentFailure,
)
from gocd.rehearsal.standin_aws.services.code_deploy.agent.order import Order
from gocd.rehearsal.standin_aws.services.code_deploy.agent.script import Killed

# An in-place deployment without traffic control, in order; the first part of a green instance's.
EVENTS = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
ALLOW_EVENTS = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
BLOCK_EVENTS = ("BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic")
# Seconds until CodeDeploy gives up on an agent that does not ask for its next order.
AGENT_PATIENCE = 300.0
AGENT_LOST = (
    "CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs on your "
    "host and make sure the agent is running and can connect to the CodeDeploy server."
)
RESTARTED = "Failed: Failing in-progress lifecycle event after an agent restart."


@dataclass
class Event:
    """One lifecycle event; *status* is the API's word."""

    name: str
    status: str = "Pending"
    started: datetime | None = None
    ended: datetime | None = None
    diagnostics: Mapping[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        told: dict[str, Any] = {"lifecycleEventName": self.name, "status": self.status}
        if self.started:
            told["startTime"] = self.started
        if self.ended:
            told |= {"endTime": self.ended, "diagnostics": dict(self.diagnostics)}
        return told


@dataclass(frozen=True)
class Halt:
    """What ends a deployment early: *asked* after the events that run, *dead* at once."""

    asked: threading.Event = field(default_factory=threading.Event)
    dead: threading.Event = field(default_factory=threading.Event)


class Target:
    """An instance of a deployment.

    Args:
        events: What is done there, in order.
        reachable: Whether the agent hears what it is told.
        running: Whether the instance runs.
        label: ``Blue`` or ``Green`` in a blue/green deployment.
        service: What CodeDeploy itself does in an event, instead of the agent.
    """

    def __init__(
        self,
        order: Order,
        instance: Instance,
        mark: str,
        reachable: Callable[[Instance], bool],
        running: Callable[[Instance], bool],
        halt: Halt,
        clock: Clock,
        *,
        events: Sequence[str] = EVENTS,
        label: str = "",
        service: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        self.instance = instance
        self.status = "Pending"
        self.label = label
        self.events = [Event(name) for name in events]
        self.updated = datetime.now(timezone.utc)
        self._order = order
        self._reachable = reachable
        self._running = running
        self._halt = halt
        self._now = clock
        self._service = service or {}
        self._agent = Agent(order, instance, mark, clock, self._lives)

    def walk(self, names: Sequence[str] = ()) -> bool:
        """Go through the events of these *names*, all if none; whether none failed and none was left out."""
        self.status = "InProgress"
        for event in self.events:
            if names and event.name not in names:
                continue
            if self._halt.asked.is_set():
                self.skip()
                return False
            self._take(event)
            forgiven = event.name == "ApplicationStop" and self._order.ignore_stop_failures
            if event.status == "Failed" and not forgiven:
                self.status = "Failed"
                self.skip()
                return False
        if not any(event.status == "Pending" for event in self.events):
            self._succeed()
        return True

    def _succeed(self) -> None:
        self.status = "Succeeded"
        self.updated = datetime.now(timezone.utc)

    def skip(self) -> None:
        """Leave out the events that have not begun."""
        for event in self.events:
            if event.status == "Pending":
                event.status = "Skipped"
        if self.status in {"Pending", "InProgress", "Ready"}:
            self.status = "Skipped"
        self.updated = datetime.now(timezone.utc)

    def described(self) -> dict[str, Any]:
        told = {
            "deploymentId": self._order.deployment_id,
            "targetId": self.instance.id,
            "status": self.status,
            "lastUpdatedAt": self.updated,
            "lifecycleEvents": [event.described() for event in self.events],
        }
        if self.label:
            told["instanceLabel"] = self.label
        return {"deploymentTargetType": "InstanceTarget", "instanceTarget": told}

    def _take(self, event: Event) -> None:
        event.started = datetime.now(timezone.utc)
        event.status = "InProgress"
        try:
            if event.name in self._service:
                self._service[event.name]()
            else:
                self._wait_for_the_agent()
                self._agent.obey(event.name)
            event.diagnostics, status = SUCCESS, "Succeeded"
        except AgentFailure as failure:
            event.diagnostics, status = failure.diagnostics, "Failed"
        except Killed:
            event.diagnostics, status = self._restarted().diagnostics, "Failed"
        except OSError as problem:
            event.diagnostics, status = AgentFailure(str(problem)).diagnostics, "Failed"
        event.ended = self.updated = datetime.now(timezone.utc)
        event.status = status

    def _wait_for_the_agent(self) -> None:
        deadline = self._now() + AGENT_PATIENCE
        while not self._reachable(self.instance):
            if self._halt.asked.is_set() or self._now() > deadline:
                raise AgentFailure(AGENT_LOST)
            time.sleep(0.05)

    def _lives(self) -> bool:
        return not self._halt.dead.is_set() and self._running(self.instance)

    def _restarted(self) -> AgentFailure:
        """What an agent says of a command that it was at when its instance went (recover_from_crash?)."""
        try:
            self._wait_for_the_agent()
        except AgentFailure as lost:
            return lost
        return AgentFailure(RESTARTED, FAILED_AFTER_RESTART)
