"""CodeDeploy for EC2, whose in-place deployments really run on their instances; blue/green is not modelled.

Sources: CodeDeploy API reference (CreateDeployment, StopDeployment, ContinueDeployment, the common errors);
user guide, Redeploy and roll back a deployment.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from moto.codedeploy.exceptions import CodeDeployException, DeploymentDoesNotExistException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.corrections import Correction
from gocd.rehearsal.standin_aws.deployment_groups import DeploymentGroups, selects
from gocd.rehearsal.standin_aws.deployments import Deployment, new_id
from gocd.rehearsal.standin_aws.instances import Instance, Instances
from gocd.rehearsal.standin_aws.lifecycle import Order, Target
from gocd.rehearsal.standin_aws.revisions import BUNDLE_TYPES
from gocd.rehearsal.standin_aws.wire import ACCOUNT

LONGEST_DESCRIPTION = 256


class CodeDeploy:
    """The deployments made so far; applications and groups are moto's."""

    def __init__(self, instances: Instances, region: str) -> None:
        self._instances = instances
        self._groups = DeploymentGroups(region)
        self._region = region
        self._deployments: dict[str, Deployment] = {}
        self._succeeded: dict[str, Deployment] = {}
        # Deployments end, and roll back, in threads of their own.
        self._lock = threading.Lock()

    def corrections(self) -> Iterator[Correction]:
        yield from self._groups.corrections()
        owner = CodeDeployResponse
        for name in ("create_deployment", "get_deployment", "batch_get_deployments", "list_deployments"):
            yield Correction(owner, name, getattr(self, name))
        for name in (
            "list_deployment_targets",
            "get_deployment_target",
            "batch_get_deployment_targets",
            "stop_deployment",
            "continue_deployment",
        ):
            yield Correction(owner, name, getattr(self, name), added=True)

    def forget(self) -> None:
        """Kill every deployment, and drop them all."""
        for deployment in list(self._deployments.values()):
            deployment.kill()
        self._deployments.clear()
        self._succeeded.clear()

    def create_deployment(self, response: Any) -> ActionResult:
        """CreateDeployment: one at a time in a group; its instances are those that the group selects now."""
        asked = _parameters(response)
        group = self._groups.named(asked["applicationName"], asked["deploymentGroupName"])
        location = (asked.get("revision") or {}).get("s3Location") or {}
        if not location.get("bucket") or not location.get("key"):
            raise CodeDeployException("RevisionRequiredException", "The revision is required.")
        if location.get("bundleType") not in BUNDLE_TYPES:
            raise CodeDeployException("InvalidRevisionException", "The revision's bundle type is not valid.")
        if len(asked.get("description", "")) > LONGEST_DESCRIPTION:
            raise CodeDeployException("DescriptionTooLongException", "The description is too long.")
        if asked.get("targetInstances"):
            text = "Target instances can be given for a blue/green deployment only."
            raise CodeDeployException("InvalidTargetInstancesException", text)
        if {"BLUE_GREEN", "WITH_TRAFFIC_CONTROL"} & set((group.deployment_style or {}).values()):
            raise NotImplementedError
        with self._lock:
            name = group.deployment_group_name
            if busy := next((each for each in self._of(group) if each.running), None):
                text = f"The Deployment Group '{name}' already has an active Deployment '{busy.id}'"
                raise CodeDeployException("DeploymentLimitExceededException", text)
            return ActionResult({"deploymentId": self._begin(asked, group, "user").id})

    def get_deployment(self, response: Any) -> ActionResult:
        return ActionResult({"deploymentInfo": self._asked(_parameters(response)).described()})

    def batch_get_deployments(self, response: Any) -> ActionResult:
        """BatchGetDeployments: those that exist; the others are left out."""
        ids = _parameters(response)["deploymentIds"]
        known = [self._deployments[each].described() for each in ids if each in self._deployments]
        return ActionResult({"deploymentsInfo": known})

    def list_deployments(self, response: Any) -> ActionResult:
        """ListDeployments: newest first."""
        asked = _parameters(response)
        group = self._groups.named(asked["applicationName"], asked["deploymentGroupName"])
        statuses, times = asked.get("includeOnlyStatuses"), asked.get("createTimeRange", {})
        found = [
            each.id
            for each in self._of(group)
            if (not statuses or each.status in statuses)
            and times.get("start", 0) <= each.created.timestamp() <= times.get("end", float("inf"))
        ]
        return ActionResult({"deployments": found[::-1]})

    def list_deployment_targets(self, response: Any) -> ActionResult:
        return ActionResult({"targetIds": list(self._started(_parameters(response)).targets)})

    def get_deployment_target(self, response: Any) -> ActionResult:
        asked = _parameters(response)
        return ActionResult({"deploymentTarget": self._target(asked, asked["targetId"])})

    def batch_get_deployment_targets(self, response: Any) -> ActionResult:
        asked = _parameters(response)
        targets = [self._target(asked, each) for each in asked["targetIds"]]
        return ActionResult({"deploymentTargets": targets})

    def stop_deployment(self, response: Any) -> ActionResult:
        """StopDeployment: what an instance is doing goes on to its end, and nothing follows it."""
        asked = _parameters(response)
        deployment = self._unfinished(asked)
        if "autoRollbackEnabled" in asked:
            events = ["DEPLOYMENT_STOP_ON_REQUEST"] if asked["autoRollbackEnabled"] else []
            configured = {"enabled": bool(events), "events": events}
            deployment.request = {**deployment.request, "autoRollbackConfiguration": configured}
        status = "Succeeded" if deployment.stop() else "Pending"
        text = "No more commands will be scheduled for execution in the deployment instances"
        return ActionResult({"status": status, "statusMessage": text})

    def continue_deployment(self, response: Any) -> ActionResult:
        """ContinueDeployment: for a deployment that is Ready, which none in place ever is."""
        deployment = self._unfinished(_parameters(response))
        text = f"The deployment {deployment.id} is not in the Ready state."
        raise CodeDeployException("DeploymentIsNotInReadyStateException", text)

    def _begin(self, request: Mapping[str, Any], group: Any, creator: str) -> Deployment:
        deployment_id = new_id()
        order = Order(
            deployment_id,
            group.application.application_name,
            group.deployment_group_name,
            group.deployment_group_id,
            request["revision"]["s3Location"],
            request.get("fileExistsBehavior", "DISALLOW"),
            bool(request.get("ignoreApplicationStopFailures")),
        )
        targets = [
            Target(order, each, self._instances.mark, self._reachable)
            for each in self._instances
            if self._instances.state(each.id) == "running" and selects(group, self._tags(each))
        ]
        deployment = Deployment(deployment_id, request, group, targets, self._ended, creator=creator)
        self._deployments[deployment_id] = deployment
        deployment.start()
        return deployment

    def _ended(self, deployment: Deployment, status: str) -> None:
        group_id = deployment.group.deployment_group_id
        if status == "Succeeded":
            self._succeeded[group_id] = deployment
            return
        event = "DEPLOYMENT_FAILURE" if status == "Failed" else "DEPLOYMENT_STOP_ON_REQUEST"
        if not deployment.rolls_back_on(event) or deployment.rollback:
            return
        if group_id not in self._succeeded:
            deployment.rollback = {"rollbackMessage": "There is no successful deployment to roll back to."}
            return
        with self._lock:
            request = {
                **self._succeeded[group_id].request,
                "description": "",
                "fileExistsBehavior": "OVERWRITE",
            }
            rollback = self._begin(request, deployment.group, "codeDeployRollback")
            rollback.rollback = {"rollbackTriggeringDeploymentId": deployment.id}
            text = f"Deployment {deployment.id} is rolled back by {rollback.id}."
            deployment.rollback = {"rollbackDeploymentId": rollback.id, "rollbackMessage": text}

    def _of(self, group: Any) -> list[Deployment]:
        return [each for each in list(self._deployments.values()) if each.group is group]

    def _asked(self, asked: Mapping[str, Any]) -> Deployment:
        deployment_id = asked["deploymentId"]
        if deployment_id not in self._deployments:
            text = f"The deployment {deployment_id} could not be found"
            raise DeploymentDoesNotExistException(text)
        return self._deployments[deployment_id]

    def _unfinished(self, asked: Mapping[str, Any]) -> Deployment:
        deployment = self._asked(asked)
        if not deployment.running:
            text = f"Deployment {deployment.id} is already in {deployment.status} state"
            raise CodeDeployException("DeploymentAlreadyCompletedException", text)
        return deployment

    def _started(self, asked: Mapping[str, Any]) -> Deployment:
        deployment = self._asked(asked)
        if deployment.started is None:
            text = f"The deployment {deployment.id} has not started"
            raise CodeDeployException("DeploymentNotStartedException", text)
        return deployment

    def _target(self, asked: Mapping[str, Any], target_id: str) -> dict[str, Any]:
        deployment = self._started(asked)
        if target_id not in deployment.targets:
            text = f"The deployment target {target_id} could not be found in deployment {deployment.id}"
            raise CodeDeployException("DeploymentTargetDoesNotExistException", text)
        told = deployment.targets[target_id].described()
        arn = f"arn:aws:ec2:{self._region}:{ACCOUNT}:instance/{target_id}"
        return told | {"instanceTarget": told["instanceTarget"] | {"targetArn": arn}}

    def _reachable(self, instance: Instance) -> bool:
        return instance.agent_online and self._instances.state(instance.id) == "running"

    def _tags(self, instance: Instance) -> dict[str, str]:
        described = self._instances.described(instance.id)
        return {tag["key"]: tag["value"] for tag in described.get_tags()}


def _parameters(response: Any) -> Mapping[str, Any]:
    parameters: Mapping[str, Any] = json.loads(response.body or "{}")
    return parameters
