"""What every way of deploying is given, and how a way is found by its name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol

from tasks.aws.connect import Aws
from tasks.aws.instances import Instance
from tasks.errors import Refused
from tasks.log import Log
from tasks.waiting import Wait

GROUP = "gocd_tasks.deployers"


@dataclass(frozen=True)
class Release:
    """What is deployed, and the traces that a deployment leaves of itself.

    Args:
        artifact: A path on the agent, or whatever the chosen way of deploying takes.
        pipeline: GoCD's locator of the run, empty outside of GoCD.
        triggered_by: Who or what started that run.
    """

    application: str
    version: str
    artifact: str
    pipeline: str = ""
    triggered_by: str = ""


@dataclass(frozen=True)
class Settings:
    """How a site wants a release placed; each way of deploying uses what concerns it.

    Args:
        bucket: The S3 bucket that a release passes through.
        install_to: The folder on the instance that holds ``releases/`` and ``current``.
        restart: The command on the instance that starts the current release.
        keep_releases: How many releases stay on the instance.
        within: Seconds for the whole placing.
        words: A command of the site's own.
    """

    bucket: str | None
    install_to: str | None
    restart: str | None
    keep_releases: int
    within: float
    words: Sequence[str]


class Deployer(Protocol):
    def check(self, release: Release, instance: Instance) -> None:
        """Refuse what cannot be deployed.

        Raises:
            Refused: With the reason; nothing was changed.
        """

    def deploy(self, release: Release, instance: Instance, wait: Wait, log: Log) -> None:
        """Put *release* on *instance* and start it; safe to repeat.

        Raises:
            TaskError: It is not running there; the message says what is.
        """


MakeDeployer = Callable[[Settings, Aws], Deployer]


def find_deployer(name: str) -> MakeDeployer:
    """Return what makes the deployer that is registered under *name* in any installed package.

    Raises:
        Refused: None is; or two packages claim the name.
    """
    known = entry_points(group=GROUP)
    matches = {point.value: point for point in known if point.name == name}
    if len(matches) == 1:
        make: MakeDeployer = matches.popitem()[1].load()
        return make
    if matches:
        raise Refused(f"--via {name} is registered {len(matches)} times: {', '.join(sorted(matches))}")
    raise Refused(f"--via {name} is not known; there are: {', '.join(sorted({p.name for p in known}))}")
