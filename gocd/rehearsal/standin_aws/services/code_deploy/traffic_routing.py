"""Users sent to an instance, or away from it, by the target groups of a deployment group.

Source: CodeDeploy user guide, Integrating CodeDeploy with Elastic Load Balancing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.lifecycle import Halt

# Seconds until CodeDeploy gives up on a load balancer.
PATIENCE = 3600.0
NOT_HEALTHY = "The load balancer did not report the instance as healthy in time."
NOT_DRAINED = "The load balancer did not finish the deregistration of the instance in time."


class Routing:
    """The target groups of these *names*."""

    def __init__(self, client: Callable[[str], Any], names: Sequence[str], halt: Halt, clock: Clock) -> None:
        self._client = client
        self._halt = halt
        self._now = clock
        told = client("elbv2").describe_target_groups(Names=list(names))
        self._arns = [each["TargetGroupArn"] for each in told["TargetGroups"]]

    def allow(self, instance_id: str) -> None:
        """AllowTraffic: register, and wait until it is healthy in each.

        Raises:
            AgentFailure: It is not, for an hour or until the deployment is stopped.
        """
        for arn in self._arns:
            self._client("elbv2").register_targets(TargetGroupArn=arn, Targets=[{"Id": instance_id}])
        self._wait(instance_id, "healthy", NOT_HEALTHY)

    def block(self, instance_id: str) -> None:
        """BlockTraffic: deregister, and wait until it has drained from each.

        Raises:
            AgentFailure: It has not, for an hour.
        """
        for arn in self._arns:
            self._client("elbv2").deregister_targets(TargetGroupArn=arn, Targets=[{"Id": instance_id}])
        self._wait(instance_id, "unused", NOT_DRAINED)

    def _wait(self, instance_id: str, wanted: str, otherwise: str) -> None:
        deadline = self._now() + PATIENCE
        for arn in self._arns:
            while self._state(arn, instance_id) != wanted:
                # What drains is never left half-way, unless all is coming to its end.
                ending = self._halt.asked if wanted == "healthy" else self._halt.dead
                if ending.wait(0.1) or self._now() > deadline:
                    raise AgentFailure(otherwise)

    def _state(self, arn: str, instance_id: str) -> str:
        [told] = self._client("elbv2").describe_target_health(
            TargetGroupArn=arn, Targets=[{"Id": instance_id}]
        )["TargetHealthDescriptions"]
        return str(told["TargetHealth"]["State"])
