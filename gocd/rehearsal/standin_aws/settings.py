"""What a stand-in AWS is told at its start, for all of its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from gocd.rehearsal.standin_aws.clock import Clock


@dataclass(frozen=True)
class Settings:
    """The same for all parts, from start to end.

    Args:
        folder: Where instances and Envoy keep their files.
        region: The one region that has instances.
        registration_delay: Seconds a target is ``initial`` before its first health check.
        health_check_speed: How many times faster than asked health checks run.
        deployment_speed: How many times faster than asked CodeDeploy's waits pass.
        propagation_speed: How many times faster than AWS's a load balancer's own nodes follow an order.
        request_lag: Seconds after an order to leave in which Application and Classic ones send new requests.
        connection_lag: Seconds after it in which Network Load Balancers open new connections.
        clock: What all other waits are counted with.
        mark: In the environment of every process that it starts, so that they are found at its end.
    """

    folder: Path
    region: str = "eu-west-1"
    registration_delay: float = 1.0
    health_check_speed: float = 1.0
    deployment_speed: float = 1.0
    propagation_speed: float = 1.0
    request_lag: float = 10.0
    connection_lag: float = 120.0
    clock: Clock = field(default_factory=Clock)
    mark: str = field(default_factory=lambda: uuid4().hex)

    @property
    def instances_mark(self) -> str:
        """The mark of every process that runs on an instance."""
        return f"{self.mark}/instances"
