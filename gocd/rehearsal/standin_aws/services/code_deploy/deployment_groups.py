"""CodeDeploy's deployment groups, and which instances they select.

Source: CodeDeploy user guide, Tagging instances for deployment groups in CodeDeploy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.codedeploy.models import codedeploy_backends
from moto.codedeploy.responses import CodeDeployResponse, _deployment_group_info
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT

# What UpdateDeploymentGroup may change, and moto's name of it.
SETTINGS = {
    "deploymentConfigName": "deployment_config_name",
    "ec2TagFilters": "ec2_tag_filters",
    "ec2TagSet": "ec2_tag_set",
    "onPremisesInstanceTagFilters": "on_premises_instance_tag_filters",
    "autoScalingGroups": "auto_scaling_groups",
    "autoRollbackConfiguration": "auto_rollback_configuration",
    "deploymentStyle": "deployment_style",
    "blueGreenDeploymentConfiguration": "blue_green_deployment_configuration",
    "loadBalancerInfo": "load_balancer_info",
}
IN_PLACE = {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}
SCALING_TAG = "aws:autoscaling:groupName"


class DeploymentGroups:
    """moto's groups of one region, told as AWS tells them."""

    def __init__(self, region: str) -> None:
        self._region = region

    def corrections(self) -> Iterator[Correction]:
        owner = CodeDeployResponse
        yield Correction(owner, "get_deployment_group", self.get_deployment_group)
        yield Correction(owner, "batch_get_deployment_groups", self.batch_get_deployment_groups, added=True)
        yield Correction(owner, "update_deployment_group", self.update_deployment_group, added=True)

    def named(self, application: str, name: str) -> Any:
        """Give moto's record of a group; raises AWS's errors for one that does not exist."""
        return codedeploy_backends[ACCOUNT][self._region].get_deployment_group(application, name)

    def get_deployment_group(self, response: Any) -> ActionResult:
        asked = json.loads(response.body)
        group = self.named(asked["applicationName"], asked["deploymentGroupName"])
        return ActionResult({"deploymentGroupInfo": _described(group)})

    def batch_get_deployment_groups(self, response: Any) -> ActionResult:
        asked = json.loads(response.body)
        groups = [self.named(asked["applicationName"], each) for each in asked["deploymentGroupNames"]]
        return ActionResult({"deploymentGroupsInfo": [_described(group) for group in groups]})

    def update_deployment_group(self, response: Any) -> ActionResult:
        asked = json.loads(response.body)
        group = self.named(asked["applicationName"], asked["currentDeploymentGroupName"])
        for name in SETTINGS.keys() & asked.keys():
            setattr(group, SETTINGS[name], asked[name])
        return ActionResult({"hooksNotCleanedUp": []})


def selects(group: Any, tags: Mapping[str, str]) -> bool:
    """Whether moto's deployment *group* has an instance with these *tags* in it."""
    sets = (group.ec2_tag_set or {}).get("ec2TagSetList", [])
    return (
        _any_fits(group.ec2_tag_filters, tags)
        or (bool(sets) and all(_any_fits(each, tags) for each in sets))
        or tags.get(SCALING_TAG) in group.auto_scaling_groups
    )


def _any_fits(filters: Sequence[Mapping[str, str]], tags: Mapping[str, str]) -> bool:
    return any(_fits(each, tags) for each in filters)


def _fits(wanted: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    key, value = wanted.get("Key", ""), wanted.get("Value", "")
    if wanted.get("Type") == "KEY_ONLY":
        return key in tags
    if wanted.get("Type") == "VALUE_ONLY":
        return value in tags.values()
    return key in tags and tags[key] == value


def _described(group: Any) -> dict[str, Any]:
    told: dict[str, Any] = _deployment_group_info(group)
    # moto has a name where the record of an Auto Scaling group belongs, and no style for a group without.
    return told | {
        "autoScalingGroups": [{"name": name} for name in group.auto_scaling_groups],
        "deploymentStyle": group.deployment_style or IN_PLACE,
    }
