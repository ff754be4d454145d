"""CodeDeploy for EC2, whose deployments, in place and blue/green, really run on their instances.

Sources: CodeDeploy API reference (CreateDeployment, StopDeployment, ContinueDeployment, the common errors);
user guide, Redeploy and roll back a deployment.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from moto.codedeploy.exceptions import CodeDeployException, DeploymentDoesNotExistException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.machines.instances import Instance, Instances
from gocd.rehearsal.standin_aws.services.code_deploy.agent.bundle import BUNDLE_TYPES
from gocd.rehearsal.standin_aws.services.code_deploy.agent.order import ROLLBACK, Order
from gocd.rehearsal.standin_aws.services.code_deploy.blue_green import BlueGreen, check
from gocd.rehearsal.standin_aws.services.code_deploy.deployment_groups import DeploymentGroups, selects
from gocd.rehearsal.standin_aws.services.code_deploy.deployment_targets import DeploymentTargets
from gocd.rehearsal.standin_aws.services.code_deploy.deployments import Course, Deployment, new_id
from gocd.rehearsal.standin_aws.services.code_deploy.fleets import Fleets
from gocd.rehearsal.standin_aws.services.code_deploy.in_place import InPlace
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import Halt, Target
from gocd.rehearsal.standin_aws.services.code_deploy.traffic_back import TrafficBack
from gocd.rehearsal.standin_aws.services.code_deploy.traffic_routing import Routing
from gocd.rehearsal.standin_aws.settings import Settings

LONGEST_DESCRIPTION = 256
# What ContinueDeployment answers for each of its words where nothing waits for it.
NOT_WAITING = {
    "READY_WAIT": ("DeploymentIsNotInReadyStateException", "The deployment {} is not in the Ready state."),
    "TERMINATION_WAIT": (
        "InvalidDeploymentStatusException",
        "The deployment {} does not wait for the termination of its original instances.",
    ),
}


class CodeDeploy:
    """The deployments made so far; applications and groups are moto's."""

    def __init__(
        self,
        settings: Settings,
        instances: Instances,
        client: Callable[[str], Any],
    ) -> None:
        self._instances = instances
        self._groups = DeploymentGroups(settings.region)
        self._targets = DeploymentTargets(settings.region, self._asked)
        self._client = client
        self._fleets = Fleets(client, instances, settings.region)
        self._speed = settings.deployment_speed
        self._clock = settings.clock
        self._deployments: dict[str, Deployment] = {}
        self._succeeded: dict[str, Deployment] = {}
        # Deployments end, and roll back, in threads of their own.
        self._lock = threading.Lock()

    def corrections(self) -> Iterator[Correction]:
        yield from self._groups.corrections()
        yield from self._targets.corrections()
        owner = CodeDeployResponse
        for name in ("create_deployment", "get_deployment", "batch_get_deployments", "list_deployments"):
            yield Correction(owner, name, getattr(self, name))
        for name in ("stop_deployment", "continue_deployment"):
            yield Correction(owner, name, getattr(self, name), added=True)

    def advance(self) -> None:
        """Nothing: each deployment has a thread of its own."""

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
        if _is_blue_green(group):
            check(group)
        elif "WITH_TRAFFIC_CONTROL" in (group.deployment_style or {}).values():
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
        """ContinueDeployment: reroute the traffic of one that is Ready, or end its last wait."""
        asked = _parameters(response)
        deployment = self._unfinished(asked)
        word = asked.get("deploymentWaitType", "READY_WAIT")
        if word not in NOT_WAITING:
            text = f"The deployment wait type {word} is not valid."
            raise CodeDeployException("InvalidDeploymentWaitTypeException", text)
        if not deployment.go_on(word):
            code, text = NOT_WAITING[word]
            raise CodeDeployException(code, text.format(deployment.id))
        return ActionResult({})

    def _begin(
        self, request: Mapping[str, Any], group: Any, creator: str, failed: Deployment | None = None
    ) -> Deployment:
        order = Order(
            new_id(),
            group.application.application_name,
            group.deployment_group_name,
            group.deployment_group_id,
            request["revision"]["s3Location"],
            request.get("fileExistsBehavior", "DISALLOW"),
            bool(request.get("ignoreApplicationStopFailures")),
            creator,
            _is_blue_green(group),
        )
        halt = Halt()
        course = self._course(order, group, halt, failed)
        deployment = Deployment(
            order.deployment_id, request, group, course, halt, self._ended, self._clock, creator=creator
        )
        self._deployments[deployment.id] = deployment
        deployment.start()
        return deployment

    def _course(self, order: Order, group: Any, halt: Halt, failed: Deployment | None) -> Course:
        target = partial(
            Target,
            order,
            mark=self._instances.mark,
            reachable=self._instances.reachable,
            running=self._running,
            halt=halt,
            clock=self._clock,
        )
        names = [each["name"] for each in group.load_balancer_info.get("targetGroupInfoList", [])]
        routing = partial(Routing, self._client, names, halt, self._clock)
        if failed and isinstance(failed.course, BlueGreen):
            return TrafficBack(failed.course, group, self._fleets, routing, target)
        if _is_blue_green(group):
            fleet = f"CodeDeploy_{order.group}_{order.deployment_id}"
            return BlueGreen(group, fleet, self._fleets, routing, target, halt, self._speed)
        chosen = [
            each for each in self._instances if self._running(each) and selects(group, self._tags(each))
        ]
        return InPlace([target(each) for each in chosen], halt)

    def _ended(self, deployment: Deployment, status: str) -> None:
        group_id = deployment.group.deployment_group_id
        if status == "Succeeded":
            self._succeeded[group_id] = deployment
            return
        event = "DEPLOYMENT_FAILURE" if status == "Failed" else "DEPLOYMENT_STOP_ON_REQUEST"
        if not deployment.rolls_back_on(event) or deployment.rollback:
            return
        # Where there is a blue fleet, there is somewhere to go back to.
        last = self._succeeded.get(group_id) or (isinstance(deployment.course, BlueGreen) and deployment)
        if not last:
            deployment.rollback = {"rollbackMessage": "There is no successful deployment to roll back to."}
            return
        with self._lock:
            request = {**last.request, "description": "", "fileExistsBehavior": "OVERWRITE"}
            rollback = self._begin(request, deployment.group, ROLLBACK, deployment)
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

    def _running(self, instance: Instance) -> bool:
        return self._instances.state(instance.id) == "running"

    def _tags(self, instance: Instance) -> dict[str, str]:
        described = self._instances.described(instance.id)
        return {tag["key"]: tag["value"] for tag in described.get_tags()}


def _is_blue_green(group: Any) -> bool:
    return bool((group.deployment_style or {}).get("deploymentType") == "BLUE_GREEN")


def _parameters(response: Any) -> Mapping[str, Any]:
    parameters: Mapping[str, Any] = json.loads(response.body or "{}")
    return parameters
