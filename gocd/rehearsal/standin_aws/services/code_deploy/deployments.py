"""One CodeDeploy deployment, from Created to its end.

Sources: CodeDeploy API reference (DeploymentInfo, ErrorInformation); user guide, Redeploy and roll back a
deployment.
"""

from __future__ import annotations

import random
import string
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Protocol

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.services.code_deploy.deployment_groups import IN_PLACE
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import Halt, Target

ENDED = {"Succeeded", "Failed", "Stopped"}
# Seconds for which a deployment is Created and has no targets yet.
STARTS_AFTER = 0.2


def new_id() -> str:
    """A deployment id: ``d-`` and nine capitals or digits."""
    return "d-" + "".join(random.choices(string.ascii_uppercase + string.digits, k=9))  # noqa: S311


@dataclass(frozen=True)
class Ending:
    """How a deployment ends; *code* and *message* are its error, if it has one."""

    status: str
    code: str = ""
    message: str = ""


STOPPED = Ending("Stopped", "MANUAL_STOP", "The deployment was stopped.")


class Course(Protocol):
    """What a deployment does: in place, to a green fleet, or back.

    *targets* by instance id, in the order in which they are listed; *fleet* names the Auto Scaling group of
    the green ones.
    """

    @property
    def targets(self) -> Mapping[str, Target]: ...

    @property
    def fleet(self) -> str: ...

    def run(self, deployment: Deployment) -> Ending:
        """Do it all; returns soon after the deployment's halt is asked for."""


class Deployment:
    """One deployment, taking its *course* in a thread of its own.

    Args:
        request: CreateDeployment's parameters.
        group: moto's record of the deployment group.
        ended: Told the status that it is about to end with, so that a rollback is there as soon as that is.
    """

    def __init__(
        self,
        deployment_id: str,
        request: Mapping[str, Any],
        group: Any,
        course: Course,
        halt: Halt,
        ended: Callable[[Deployment, str], None],
        clock: Clock,
        *,
        creator: str = "user",
    ) -> None:
        self.id = deployment_id
        self.request = request
        self.group = group
        self.course = course
        self.status = "Created"
        self.created = datetime.now(timezone.utc)
        self.started: datetime | None = None
        self.completed: datetime | None = None
        self.termination_wait_started = False
        self.error: dict[str, str] = {}
        self.rollback: dict[str, str] = {}
        self._creator = creator
        self._ended = ended
        self._halt = halt
        self._now = clock
        # The settings that hold are those at its start.
        self._style = dict(group.deployment_style) or IN_PLACE
        self._blue_green = group.blue_green_deployment_configuration
        self._waiting_for = ""
        self._told_to_go_on = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def running(self) -> bool:
        return self.status not in ENDED

    def rolls_back_on(self, event: str) -> bool:
        """Whether automatic rollback is configured for *event*, by the deployment or else by its group."""
        own = self.request.get("autoRollbackConfiguration")
        configured = own or self.group.auto_rollback_configuration or {}
        return bool(configured.get("enabled")) and event in configured.get("events", [])

    def stop(self) -> bool:
        """Schedule nothing more; whether no event was under way."""
        self._halt.asked.set()
        return not any(target.status == "InProgress" for target in self.course.targets.values())

    def kill(self) -> None:
        """End it and whatever it runs, without a rollback."""
        self._ended = lambda deployment, status: None
        self._halt.dead.set()
        self.stop()
        self._thread.join(5)

    def wait_for(self, word: str, seconds: float) -> bool:
        """Wait to be told to go on with this *word* of ContinueDeployment's; whether that came in time."""
        self._told_to_go_on.clear()
        self._waiting_for = word
        # Told only now: whoever sees that it waits may say the word at once.
        if word == "READY_WAIT":
            self.status = "Ready"
        else:
            self.termination_wait_started = True
        deadline = self._now() + seconds
        while not self._told_to_go_on.wait(0.05):
            if self._halt.asked.is_set() or self._now() >= deadline:
                self._waiting_for = ""
                return False
        return True

    def go_on(self, word: str) -> bool:
        """End the wait for *word*; whether there was one."""
        if self._waiting_for != word:
            return False
        self._waiting_for = ""
        self._told_to_go_on.set()
        return True

    def described(self) -> dict[str, Any]:
        counted = Counter(target.status for target in self.course.targets.values())
        states = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")
        told: dict[str, Any] = {
            "applicationName": self.group.application.application_name,
            "deploymentGroupName": self.group.deployment_group_name,
            "deploymentConfigName": self.request.get("deploymentConfigName")
            or str(self.group.deployment_config_name),
            "deploymentId": self.id,
            "revision": self.request["revision"],
            "status": self.status,
            "createTime": self.created,
            "deploymentOverview": {state: counted[state] for state in states},
            "description": self.request.get("description", ""),
            "creator": self._creator,
            "ignoreApplicationStopFailures": bool(self.request.get("ignoreApplicationStopFailures")),
            "autoRollbackConfiguration": self.request.get("autoRollbackConfiguration")
            or self.group.auto_rollback_configuration
            or {"enabled": False},
            "updateOutdatedInstancesOnly": False,
            "deploymentStyle": self._style,
            "instanceTerminationWaitTimeStarted": self.termination_wait_started,
            "fileExistsBehavior": self.request.get("fileExistsBehavior", "DISALLOW"),
            "deploymentStatusMessages": [],
            "computePlatform": "Server",
        }
        seldom = {
            "startTime": self.started,
            "completeTime": self.completed,
            "errorInformation": self.error,
            "rollbackInfo": self.rollback,
            "blueGreenDeploymentConfiguration": self._blue_green,
            "loadBalancerInfo": self.group.load_balancer_info,
            "targetInstances": {"autoScalingGroups": [self.course.fleet]} if self.course.fleet else {},
        }
        return told | {name: value for name, value in seldom.items() if value}

    def _run(self) -> None:
        self._halt.asked.wait(STARTS_AFTER)
        self.started = datetime.now(timezone.utc)
        self.status = "InProgress"
        try:
            ending = self.course.run(self)
        except Exception as problem:  # noqa: BLE001 - a deployment must end, whatever happens to it
            ending = Ending("Failed", "INTERNAL_ERROR", str(problem))
        for target in self.course.targets.values():
            if target.status not in ENDED:
                target.skip()
        if ending.code:
            self.error = {"code": ending.code, "message": ending.message}
        self.completed = datetime.now(timezone.utc)
        self._ended(self, ending.status)
        self.status = ending.status
