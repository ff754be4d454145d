"""One CodeDeploy deployment in place, from Created to its end.

Sources: CodeDeploy API reference (DeploymentInfo, ErrorInformation); user guide, Redeploy and roll back a
deployment.
"""

from __future__ import annotations

import random
import string
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from gocd.rehearsal.standin_aws.lifecycle import Target

ENDED = {"Succeeded", "Failed", "Stopped"}
# Seconds for which a deployment is Created and has no targets yet.
STARTS_AFTER = 0.2
NO_INSTANCES = (
    "The deployment failed because no instances were found for your deployment group. Check your deployment "
    "group settings to make sure the tags for your Amazon EC2 instances or Auto Scaling groups correctly "
    "identify the instances you want to deploy to, and then try again."
)
TOO_FEW = (
    "The overall deployment failed because too many individual instances failed deployment, too few healthy "
    "instances are available for deployment, or some instances in your deployment group are experiencing "
    "problems."
)


def new_id() -> str:
    """A deployment id: ``d-`` and nine capitals or digits."""
    return "d-" + "".join(random.choices(string.ascii_uppercase + string.digits, k=9))  # noqa: S311


class Deployment:
    """One deployment to *targets*, one after the other, as ``CodeDeployDefault.OneAtATime`` takes them.

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
        targets: Sequence[Target],
        ended: Callable[[Deployment, str], None],
        *,
        creator: str = "user",
    ) -> None:
        self.id = deployment_id
        self.request = request
        self.group = group
        self.targets = {target.instance.id: target for target in targets}
        self.status = "Created"
        self.created = datetime.now(timezone.utc)
        self.started: datetime | None = None
        self.completed: datetime | None = None
        self.error: dict[str, str] = {}
        self.rollback: dict[str, str] = {}
        self._creator = creator
        self._ended = ended
        self._stopping = threading.Event()
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
        self._stopping.set()
        for target in self.targets.values():
            target.stopping.set()
        return not any(target.status == "InProgress" for target in self.targets.values())

    def kill(self) -> None:
        """End it and whatever it runs, without a rollback."""
        self._ended = lambda deployment, status: None
        for target in self.targets.values():
            target.dead.set()
        self.stop()
        self._thread.join(5)

    def described(self) -> dict[str, Any]:
        counted = Counter(target.status for target in self.targets.values())
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
            "deploymentStyle": self.group.deployment_style
            or {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
            "instanceTerminationWaitTimeStarted": False,
            "fileExistsBehavior": self.request.get("fileExistsBehavior", "DISALLOW"),
            "deploymentStatusMessages": [],
            "computePlatform": "Server",
        }
        seldom = {
            "startTime": self.started,
            "completeTime": self.completed,
            "errorInformation": self.error,
            "rollbackInfo": self.rollback,
        }
        return told | {name: value for name, value in seldom.items() if value}

    def _run(self) -> None:
        self._stopping.wait(STARTS_AFTER)
        self.started = datetime.now(timezone.utc)
        self.status = "InProgress"
        failed = False
        for target in self.targets.values():
            if failed or self._stopping.is_set():
                target.skip()
                continue
            target.walk()
            failed = target.status == "Failed"
        if self._stopping.is_set():
            self.error = {"code": "MANUAL_STOP", "message": "The deployment was stopped."}
            self._end("Stopped")
        elif not self.targets:
            self.error = {"code": "NO_INSTANCES", "message": NO_INSTANCES}
            self._end("Failed")
        elif failed:
            self.error = {"code": "HEALTH_CONSTRAINTS", "message": TOO_FEW}
            self._end("Failed")
        else:
            self._end("Succeeded")

    def _end(self, status: str) -> None:
        self.completed = datetime.now(timezone.utc)
        self._ended(self, status)
        self.status = status
