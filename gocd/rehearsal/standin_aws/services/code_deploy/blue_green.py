"""A blue/green deployment on EC2: a copied fleet gets the revision, then the users, and the old one goes.

Sources: CodeDeploy API reference (BlueGreenDeploymentConfiguration, ContinueDeployment); user guide,
Overview of a blue/green deployment, AppSpec 'hooks' section.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from moto.codedeploy.exceptions import CodeDeployException

from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.code_deploy.deployments import STOPPED, Deployment, Ending
from gocd.rehearsal.standin_aws.services.code_deploy.fleets import Fleets
from gocd.rehearsal.standin_aws.services.code_deploy.in_place import FAILED, NOBODY
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import (
    ALLOW_EVENTS,
    BLOCK_EVENTS,
    EVENTS,
    Halt,
    Target,
)
from gocd.rehearsal.standin_aws.services.code_deploy.traffic_routing import Routing

NOT_REROUTED = Ending(
    "Stopped", "TIMEOUT", "The deployment was stopped because traffic was not rerouted in time."
)
# Minutes for which a deployment is Ready, if its group does not say.
READY_MINUTES = 60

# Makes the target of an instance: its events and its label, and what CodeDeploy does itself.
MakeTarget = Callable[..., Target]


class BlueGreen:
    """One fleet after another.

    Args:
        group: moto's record of the deployment group.
        fleet: The name that the copied Auto Scaling group gets.
        speed: Divides the minutes that the group's configuration asks to wait.
    """

    def __init__(
        self,
        group: Any,
        fleet: str,
        fleets: Fleets,
        routing: Callable[[], Routing],
        target: MakeTarget,
        halt: Halt,
        speed: float,
    ) -> None:
        self.fleet = ""
        self.former = str(group.auto_scaling_groups[0])
        # The target groups that the former fleet's group itself registers with.
        self.attached: list[str] = []
        self.targets: dict[str, Target] = {}
        self._group = group
        self._name = fleet
        self._fleets = fleets
        self._open_routing = routing
        self._target = target
        self._halt = halt
        self._minute = 60 / speed
        self._settings = group.blue_green_deployment_configuration

    @property
    def blue(self) -> list[Target]:
        return self._labelled("Blue")

    @property
    def green(self) -> list[Target]:
        return self._labelled("Green")

    def run(self, deployment: Deployment) -> Ending:
        routing = self._open_routing()
        self.attached = self._fleets.target_groups(self.former)
        for each in self._fleets.members(self.former):
            self._add(each, "Blue", BLOCK_EVENTS, {"BlockTraffic": partial(routing.block, each.id)})
        if not self.blue:
            return NOBODY
        for each in self._provisioned():
            events = (*EVENTS, *ALLOW_EVENTS)
            self._add(each, "Green", events, {"AllowTraffic": partial(routing.allow, each.id)})
        if self._halt.asked.is_set():
            return STOPPED
        return (
            self._walked(self.green, EVENTS)
            or self._ready(deployment)
            or self._rerouted()
            or self._terminated(deployment)
        )

    def _add(
        self,
        instance: Instance,
        label: str,
        events: Sequence[str],
        service: Mapping[str, Callable[[], None]],
    ) -> None:
        target = self._target(instance, events=events, label=label, service=service)
        self.targets = {**self.targets, instance.id: target}

    def _provisioned(self) -> list[Instance]:
        self._fleets.copy(self.former, self._name)
        self.fleet = self._name
        size = self._fleets.size(self.fleet)
        members: list[Instance] = []
        while len(members) < size and not self._halt.asked.wait(0.05):
            members = self._fleets.members(self.fleet)
        return members

    def _walked(self, targets: Sequence[Target], events: Sequence[str]) -> Ending | None:
        """Take *events* on *targets*: all at once if the group's configuration says so, else in turn."""
        at_once = str(self._group.deployment_config_name).endswith("AllAtOnce")
        if at_once:
            with ThreadPoolExecutor(len(targets)) as pool:
                went_well = all(list(pool.map(lambda target: target.walk(events), targets)))
        else:
            went_well = all(target.walk(events) for target in targets)
        if self._halt.asked.is_set():
            return STOPPED
        return None if went_well else FAILED

    def _ready(self, deployment: Deployment) -> Ending | None:
        option = self._settings.get("deploymentReadyOption", {})
        if option.get("actionOnTimeout", "CONTINUE_DEPLOYMENT") == "CONTINUE_DEPLOYMENT":
            return None
        for target in self.green:
            target.status = "Ready"
        minutes = option.get("waitTimeInMinutes") or READY_MINUTES
        told = deployment.wait_for("READY_WAIT", minutes * self._minute)
        if self._halt.asked.is_set():
            return STOPPED
        deployment.status = "InProgress"
        return None if told else NOT_REROUTED

    def _rerouted(self) -> Ending | None:
        if ending := self._walked(self.green, ALLOW_EVENTS):
            return ending
        self._fleets.attach(self.fleet, self.attached)
        self._fleets.release(self.former, self.attached)
        if ending := self._walked(self.blue, BLOCK_EVENTS):
            return ending
        self._group.auto_scaling_groups = [self.fleet]
        return None

    def _terminated(self, deployment: Deployment) -> Ending:
        option = self._settings.get("terminateBlueInstancesOnDeploymentSuccess", {})
        if option.get("action", "TERMINATE") == "TERMINATE":
            if minutes := option.get("terminationWaitTimeInMinutes", 0):
                deployment.wait_for("TERMINATION_WAIT", minutes * self._minute)
            if self._halt.asked.is_set():
                return STOPPED
            self._fleets.end(self.former)
        return Ending("Succeeded")

    def _labelled(self, label: str) -> list[Target]:
        return [each for each in self.targets.values() if each.label == label]


def check(group: Any) -> None:
    """Refuse a group that cannot be deployed to in this way.

    Raises:
        CodeDeployException: It has no target group, or not one Auto Scaling group.
        NotImplementedError: Its instances are not to come from a copied Auto Scaling group.
    """
    if group.deployment_style.get("deploymentOption") != "WITH_TRAFFIC_CONTROL":
        raise NotImplementedError
    option = group.blue_green_deployment_configuration.get("greenFleetProvisioningOption", {})
    if option.get("action") != "COPY_AUTO_SCALING_GROUP":
        raise NotImplementedError
    if not group.load_balancer_info.get("targetGroupInfoList"):
        text = "A blue/green deployment with traffic control needs a load balancer."
        raise CodeDeployException("InvalidLoadBalancerInfoException", text)
    if len(group.auto_scaling_groups) != 1:
        text = "A blue/green deployment that copies an Auto Scaling group needs exactly one."
        raise CodeDeployException("InvalidAutoScalingGroupException", text)
