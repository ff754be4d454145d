"""A CodeDeploy deployment in place: to the instances of a group as they are."""

from __future__ import annotations

from collections.abc import Sequence

from gocd.rehearsal.standin_aws.services.code_deploy.deployments import STOPPED, Deployment, Ending
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import Halt, Target

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
FAILED = Ending("Failed", "HEALTH_CONSTRAINTS", TOO_FEW)
NOBODY = Ending("Failed", "NO_INSTANCES", NO_INSTANCES)


class InPlace:
    """To *targets*, one after the other, as ``CodeDeployDefault.OneAtATime`` takes them."""

    fleet = ""

    def __init__(self, targets: Sequence[Target], halt: Halt) -> None:
        self.targets = {target.instance.id: target for target in targets}
        self._halt = halt

    def run(self, deployment: Deployment) -> Ending:
        went_well = all(target.walk() for target in self.targets.values())
        if self._halt.asked.is_set():
            return STOPPED
        if not self.targets:
            return NOBODY
        return Ending("Succeeded") if went_well else FAILED
