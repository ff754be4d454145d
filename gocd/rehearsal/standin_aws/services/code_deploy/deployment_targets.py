"""The instances of a CodeDeploy deployment, listed and told with what was done on each.

Source: CodeDeploy API reference (ListDeploymentTargets, GetDeploymentTarget, BatchGetDeploymentTargets).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.services.code_deploy.deployments import Deployment
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import Target

# Targets that one BatchGetDeploymentTargets may ask for.
MOST_TARGETS = 25
# What each filter of ListDeploymentTargets looks at.
FILTERS: Mapping[str, Callable[[Target], str]] = {
    "TargetStatus": lambda target: target.status,
    "ServerInstanceLabel": lambda target: target.label,
}


class DeploymentTargets:
    """*find* gives the deployment that a call's parameters name, or raises AWS's error."""

    def __init__(self, region: str, find: Callable[[Mapping[str, Any]], Deployment]) -> None:
        self._region = region
        self._find = find

    def corrections(self) -> Iterator[Correction]:
        for name in ("list_deployment_targets", "get_deployment_target", "batch_get_deployment_targets"):
            yield Correction(CodeDeployResponse, name, getattr(self, name), added=True)

    def list_deployment_targets(self, response: Any) -> ActionResult:
        """ListDeploymentTargets: those that have each property asked for, written in capitals or not."""
        asked = json.loads(response.body)
        targets = dict(self._started(asked).course.targets)
        for name, values in asked.get("targetFilters", {}).items():
            if name not in FILTERS:
                text = f"The target filter name {name} is not valid."
                raise CodeDeployException("InvalidTargetFilterNameException", text)
            wanted = {value.lower() for value in values}
            targets = {k: each for k, each in targets.items() if FILTERS[name](each).lower() in wanted}
        return ActionResult({"targetIds": list(targets)})

    def get_deployment_target(self, response: Any) -> ActionResult:
        asked = json.loads(response.body)
        return ActionResult({"deploymentTarget": self._described(asked, asked["targetId"])})

    def batch_get_deployment_targets(self, response: Any) -> ActionResult:
        """BatchGetDeploymentTargets: 25 at most."""
        asked = json.loads(response.body)
        if len(asked["targetIds"]) > MOST_TARGETS:
            text = f"The number of targets exceeds the maximum of {MOST_TARGETS}."
            raise CodeDeployException("DeploymentTargetListSizeExceededException", text)
        targets = [self._described(asked, each) for each in asked["targetIds"]]
        return ActionResult({"deploymentTargets": targets})

    def _started(self, asked: Mapping[str, Any]) -> Deployment:
        deployment = self._find(asked)
        if deployment.started is None:
            text = f"The deployment {deployment.id} has not started"
            raise CodeDeployException("DeploymentNotStartedException", text)
        return deployment

    def _described(self, asked: Mapping[str, Any], target_id: str) -> dict[str, Any]:
        deployment = self._started(asked)
        if target_id not in deployment.course.targets:
            text = f"The deployment target {target_id} could not be found in deployment {deployment.id}"
            raise CodeDeployException("DeploymentTargetDoesNotExistException", text)
        told = deployment.course.targets[target_id].described()
        arn = f"arn:aws:ec2:{self._region}:{ACCOUNT}:instance/{target_id}"
        return told | {"instanceTarget": told["instanceTarget"] | {"targetArn": arn}}
