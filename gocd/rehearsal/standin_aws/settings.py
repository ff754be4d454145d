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
        clock: What all other waits are counted with.
        mark: In the environment of every process that it starts, so that they are found at its end.
    """

    folder: Path
    region: str = "eu-west-1"
    registration_delay: float = 1.0
    health_check_speed: float = 1.0
    deployment_speed: float = 1.0
    clock: Clock = field(default_factory=Clock)
    mark: str = field(default_factory=lambda: uuid4().hex)

    @property
    def instances_mark(self) -> str:
        """The mark of every process that runs on an instance."""
        return f"{self.mark}/instances"
