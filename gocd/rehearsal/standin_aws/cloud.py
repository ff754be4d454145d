"""The stand-in AWS as its users see it: an endpoint, and plain words to build a world with."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import ClassVar
from uuid import uuid4

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.control.faults import Faults
from gocd.rehearsal.standin_aws.control.journal import Journal
from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.loopback import LoopbackNetwork
from gocd.rehearsal.standin_aws.services.functions.functions import Handler, Invocation
from gocd.rehearsal.standin_aws.world import LoadBalancer, World

__all__ = ["LoadBalancer", "StandInAWS"]


class StandInAWS(World):
    """A stand-in AWS on loopback, from ``with`` to its end.

    Args:
        folder: Where instances and Envoy keep their files.
        region: The one region it has instances in.
        registration_delay: Seconds a target is ``initial`` before its first health check.
        health_check_speed: How many times faster than asked health checks run.
        deployment_speed: How many times faster than asked CodeDeploy's waits pass.
        say: Told, in whole lines, what is being set up.

    Raises:
        GoCDError: a part is not installed, or this machine binds no loopback address but 127.0.0.1.
    """

    _running: ClassVar[bool] = False

    def __init__(
        self,
        folder: Path,
        *,
        region: str = "eu-west-1",
        registration_delay: float = 1.0,
        health_check_speed: float = 1.0,
        deployment_speed: float = 1.0,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.folder = folder.resolve()
        super().__init__(region, say)
        self.registration_delay = registration_delay
        self.health_check_speed = health_check_speed
        self.deployment_speed = deployment_speed
        self.mark = uuid4().hex
        self.journal = Journal()
        self.faults = Faults()
        self._closing = ExitStack()

    def __enter__(self) -> StandInAWS:
        try:
            from gocd.rehearsal.standin_aws.parts import Parts  # noqa: PLC0415 - moto takes a second to import
        except ImportError as error:
            raise GoCDError(
                f"the stand-in AWS needs {error.name}: pip install 'gocd-tasks[rehearsal]'"
            ) from error
        if StandInAWS._running:
            raise GoCDError("a stand-in AWS is already running in this process, and moto has room for one")
        with ExitStack() as opening:
            StandInAWS._running = True
            opening.callback(setattr, StandInAWS, "_running", False)
            loopback = LoopbackNetwork()
            opening.callback(loopback.release)
            watch = guardian.watch_over(self.mark)
            opening.callback(watch.communicate, b"done")
            opening.callback(guardian.end, self.mark)
            self.parts = Parts(self, loopback)
            opening.callback(self.parts.close)
            self._closing = opening.pop_all()
        self.say(f"stand-in AWS: listening at {self.endpoint_url}, instances in {loopback.cidr}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def endpoint_url(self) -> str:
        return self.parts.control_plane.url

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables that point a child process's AWS clients here and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "AKIASTANDIN",
            "AWS_SECRET_ACCESS_KEY": "standin",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @property
    def instances_mark(self) -> str:
        """The mark in the environment of every process that runs on an instance."""
        return f"{self.mark}/instances"

    def lambda_function(self, name: str, handler: Handler) -> str:
        """Have *handler* answer the invocations of a Lambda function; gives the function's ARN."""
        return self.parts.functions.add(name, handler)

    @property
    def invocations(self) -> list[Invocation]:
        """Every run of a Lambda function that has ended, oldest first."""
        return list(self.parts.functions.invocations)

    def reset(self) -> None:
        """Return to an empty AWS without journal and faults; Envoy and the endpoint stay."""
        self.parts.reset()
        self.network.forget()
        self.journal.clear()
        self.faults.clear()
