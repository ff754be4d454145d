"""HERD's upgrade function: it starts a blue/green deployment, and says which one only in its log.

What it does in which order, and the lines it logs, are those of MDL's own function; so are its traps. A call
without a version ends well and does nothing, and what it writes before the deployment stays when that is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from gocd.rehearsal.sample.herd.names import HerdNames
from gocd.rehearsal.standin_aws.services.functions.functions import Context

NO_VERSION = (
    "ERROR: FATAL: Required parameter: 'RequestedVersion' not found - lambda function will not be executed."
)
DESCRIPTION = "Blue/Green deployment triggered by upgrade-herd lambda function"
INVOKED = "rolling-deployment condition reference point parameter"
REQUESTED = "requested version parameter"
MOST_RECENT = "rolling-deployment most recent deployment id parameter"


@dataclass(frozen=True)
class UpgradeFunction:
    """The handler of one stack's function.

    Args:
        client: Opens the stack's AWS services.
        revision: The S3Location that is deployed, whatever version is asked for.
    """

    names: HerdNames
    client: Callable[[str], Any]
    revision: Mapping[str, str]

    def __call__(self, event: Any, context: Context) -> None:
        version = event["RequestedVersion"]
        if version is None:
            context.log(NO_VERSION)
            return
        codedeploy = self.client("codedeploy")
        try:
            self._turn_blue_green(codedeploy, context)
            self._write("DeploymentInvoked", "true", INVOKED, context)
            self._write("RequestedVersion", version, REQUESTED, context)
            deployment_id = codedeploy.create_deployment(
                applicationName=self.names.application,
                deploymentGroupName=self.names.deployment_group,
                revision={"revisionType": "S3", "s3Location": dict(self.revision)},
                description=DESCRIPTION,
                ignoreApplicationStopFailures=True,
                autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
            )["deploymentId"]
        except ClientError as refusal:
            context.log(f"ERROR: CodeDeploy caused an exception, {refusal}")
            raise RuntimeError(f"CodeDeploy 'create-deployment' failure. Exception: {refusal}") from refusal
        context.log("INFO: CodeDeploy Blue/Green upgrade initiated.")
        context.log(f"INFO: Deployment id is: '{deployment_id}'.")
        self._write("MostRecentDeploymentId", deployment_id, MOST_RECENT, context)

    def _turn_blue_green(self, codedeploy: Any, context: Context) -> None:
        """Make the group's deployments blue/green, which CloudFormation cannot say of EC2."""
        names = self.names
        group = codedeploy.get_deployment_group(
            applicationName=names.application, deploymentGroupName=names.deployment_group
        )["deploymentGroupInfo"]
        style = group["deploymentStyle"]["deploymentType"]
        context.log(f"INFO: Current deployment-type: '{style}'")
        if style == "BLUE_GREEN":
            return
        context.log("INFO: Attempting to update the deployment style to BLUE_GREEN")
        fleet = self.client("ssm").get_parameter(Name=f"{names.parameters}/AutoScalingGroup")["Parameter"]
        context.log(f"INFO: Herd ASG name: '{fleet['Value']}'")
        codedeploy.update_deployment_group(
            applicationName=names.application,
            currentDeploymentGroupName=names.deployment_group,
            autoScalingGroups=[fleet["Value"]],
            loadBalancerInfo={"targetGroupInfoList": [{"name": names.target_group}]},
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            blueGreenDeploymentConfiguration={
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE"},
                "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                "greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"},
            },
        )
        context.log("INFO: Deployment updated to BLUE_GREEN.")

    def _write(self, name: str, value: str, what: str, context: Context) -> None:
        context.log(f"INFO: Updating {what}: '{name}'")
        self.client("ssm").put_parameter(
            Name=f"{self.names.parameters}/{name}", Value=value, Type="String", Overwrite=True
        )
        context.log("INFO: SSM parameter updated.")
