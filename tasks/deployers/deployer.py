"""What every way of deploying is given, and how a way is found by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from tasks.aws.connect import Aws
from tasks.aws.instances import Instance
from tasks.running.errors import TaskError
from tasks.running.log import Log
from tasks.running.plugins import find
from tasks.running.waiting import Wait

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
        deployment_group: The CodeDeploy deployment group, ``{name}`` in it the instance's.
        application: The CodeDeploy application.
    """

    bucket: str | None
    install_to: str | None
    restart: str | None
    keep_releases: int
    within: float
    words: Sequence[str]
    deployment_group: str | None = None
    application: str = "app"


class ReleaseFailed(TaskError):
    """The placing ended badly, and it is known what the instance runs now.

    Args:
        runs: That, in words, such as "1.0 is running again".
    """

    def __init__(self, what: str, runs: str) -> None:
        super().__init__(what)
        self.runs = runs


class Deployer(Protocol):
    def check(self, release: Release, instance: Instance) -> None:
        """Refuse what cannot be deployed.

        Raises:
            Refused: With the reason; nothing was changed.
        """

    def deploy(self, release: Release, instance: Instance, wait: Wait, log: Log) -> None:
        """Put *release* on *instance* and start it; safe to repeat.

        Raises:
            ReleaseFailed: It is not running there.
            TaskError: It may not be running there.
        """


@runtime_checkable
class DeploysMany(Protocol):
    """A way of deploying that serves many instances at once, with as many AWS calls as for few."""

    def check_all(self, release: Release, instances: Sequence[Instance]) -> None:
        """Refuse what cannot be deployed to every one of them.

        Raises:
            Refused: With the reason; nothing was changed.
        """

    def deploy_all(
        self, release: Release, instances: Sequence[Instance], wait: Wait, log: Log
    ) -> Mapping[str, TaskError]:
        """Put *release* on all of them and start it; safe to repeat.

        Returns:
            By instance id what went wrong: a ReleaseFailed where it is known what runs there now. Those that
            are not in it run the release.

        Raises:
            TaskError: Nothing can be said of any of them.
        """


@runtime_checkable
class DeploysAtOnce(Protocol):
    """A way of deploying whose ``deploy`` may run for several instances at once.

    Each run has a thread of its own, in which signals are blocked; a cancel is raised from the clock's sleep.

    Attributes:
        at_once: How many at most.
    """

    at_once: int


@dataclass(frozen=True)
class Record:
    """What an instance itself says of the release that is current on it.

    Args:
        version: Empty if it says nothing.
        time: When that was deployed, in ISO 8601; empty if it says nothing.
        matches: Whether it is the release that was asked about.
        words: The same for people, such as "2.0, deployed 2026-11-20 21:55 UTC" or "no release.json".
        known: Whether the instance could be asked at all.
    """

    version: str
    time: str
    matches: bool
    words: str
    known: bool = True


@runtime_checkable
class KeepsRecords(Protocol):
    """A way of deploying that leaves a record on the instance, to be compared with the release."""

    def differences(
        self,
        release: Release,
        instances: Sequence[Instance],
        wait: Wait,
        log: Log,
        since: datetime | None = None,
    ) -> Mapping[str, Record]:
        """Return by id what the record of each instance says; one that cannot be read matches nothing.

        Args:
            since: An earlier deployment does not match, even of the same release.
        """


@runtime_checkable
class GoesBack(Protocol):
    """A way of deploying that can return an instance to an earlier release as well."""

    def check_back(self, version: str, instance: Instance) -> None:
        """Refuse what cannot be gone back to.

        Raises:
            Refused: With the reason; nothing was changed.
        """

    def go_back(self, instance: Instance, wait: Wait, log: Log, *, to: str = "", leaving: str = "") -> str:
        """Start an earlier release and return its version.

        Args:
            to: The version to go to; the one before the current one if empty.
            leaving: Only if this version is the current one; any if empty.

        Raises:
            ReleaseFailed: There is none, or it does not start.
            TaskError: It may not be running there.
        """


MakeDeployer = Callable[[Settings, Aws], Deployer]


def find_deployer(name: str) -> MakeDeployer:
    """Return what makes the deployer that is registered under *name* in any installed package.

    Raises:
        Refused: None is; or two packages claim the name.
    """
    make: MakeDeployer = find(GROUP, name, f"--via {name}")
    return make
