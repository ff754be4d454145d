"""One CodeDeploy deployment on one instance: what the agent there does, event by event.

Sources: CodeDeploy API reference (LifecycleEvent, Diagnostics); user guide, AppSpec 'hooks' section; the
agent's own sources (aws-codedeploy-agent: its folders, and which revision it stops).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.code_deploy.appspec import AgentFailure, install, read_appspec
from gocd.rehearsal.standin_aws.services.code_deploy.hook_scripts import run_hook
from gocd.rehearsal.standin_aws.services.code_deploy.revisions import download

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
# The revision that is there already knows how to stop what it started, and what users leave it with.
OF_FORMER = frozenset({"ApplicationStop", *BLOCK_EVENTS})
SUCCESS = {"errorCode": "Success", "scriptName": "", "message": "Succeeded", "logTail": ""}
# Seconds until CodeDeploy gives up on an agent that does not ask for its next order.
AGENT_PATIENCE = 300.0
AGENT_LOST = (
    "CodeDeploy agent was not able to receive the lifecycle event. Check the CodeDeploy agent logs on your "
    "host and make sure the agent is running and can connect to the CodeDeploy server."
)
DEPLOYMENT_ROOT = "opt/codedeploy-agent/deployment-root"


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
class Order:
    """What an agent is told of a deployment; *group_id* names its folder, *revision* is an S3Location."""

    deployment_id: str
    application: str
    group: str
    group_id: str
    revision: Mapping[str, Any]
    file_exists_behavior: str
    ignore_stop_failures: bool


@dataclass(frozen=True)
class Halt:
    """What ends a deployment early: *asked* after the events that run, *dead* at once."""

    asked: threading.Event = field(default_factory=threading.Event)
    dead: threading.Event = field(default_factory=threading.Event)


class Target:
    """An instance of a deployment.

    Args:
        events: What is done there, in order.
        of_former: Those whose scripts are the ones of the revision installed before.
        label: ``Blue`` or ``Green`` in a blue/green deployment.
        service: What CodeDeploy itself does in an event, instead of the agent.
    """

    def __init__(
        self,
        order: Order,
        instance: Instance,
        mark: str,
        reachable: Callable[[Instance], bool],
        halt: Halt,
        clock: Clock,
        *,
        events: Sequence[str] = EVENTS,
        of_former: Collection[str] = OF_FORMER,
        label: str = "",
        service: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        self.instance = instance
        self.status = "Pending"
        self.label = label
        self.events = [Event(name) for name in events]
        self.updated = datetime.now(timezone.utc)
        self._order = order
        self._mark = mark
        self._reachable = reachable
        self._halt = halt
        self._now = clock
        self._of_former = of_former
        self._service = service or {}
        self._root = instance.root / DEPLOYMENT_ROOT
        self._folder = self._root / order.group_id / order.deployment_id
        self._archive = self._folder / "deployment-archive"
        self._last = self._root / "deployment-instructions" / f"{order.group_id}_last_successful_install"

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
        if self._archive.exists():
            self._last.parent.mkdir(parents=True, exist_ok=True)
            self._last.write_text(str(self._archive), encoding="utf-8")
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
                self._work(event.name)
            event.diagnostics, status = SUCCESS, "Succeeded"
        except AgentFailure as failure:
            event.diagnostics, status = failure.diagnostics, "Failed"
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

    def _work(self, name: str) -> None:
        if name == "DownloadBundle":
            download(self._order.revision, self._archive)
        elif name == "Install":
            cleanup = self._root / "deployment-instructions" / f"{self._order.group_id}-cleanup"
            behavior = self._order.file_exists_behavior
            install(read_appspec(self._archive), self._archive, self.instance.root, behavior, cleanup)
        elif name not in self._of_former:
            self._hook(name, self._archive)
        elif self._last.exists():
            self._hook(name, Path(self._last.read_text(encoding="utf-8")))

    def _hook(self, event: str, archive: Path) -> None:
        environment = {
            **self.instance.environment(self._mark),
            "LIFECYCLE_EVENT": event,
            "DEPLOYMENT_ID": self._order.deployment_id,
            "APPLICATION_NAME": self._order.application,
            "DEPLOYMENT_GROUP_NAME": self._order.group,
        }
        run_hook(event, archive, self.instance.root, environment, self._halt.dead)
