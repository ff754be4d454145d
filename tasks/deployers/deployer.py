"""What every way of deploying promises and is given, and how a way is found by its name."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tasks.aws.api import Aws
from tasks.aws.instances import Instance
from tasks.deployers.at_once import deploy_at_once
from tasks.deployers.record import Record, unread
from tasks.deployers.release import Release
from tasks.running.errors import Refused, TaskError
from tasks.running.plugins import find
from tasks.running.promised import make_promised
from tasks.running.waiting import Wait

GROUP = "gocd_tasks.deployers"


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
        owner: USER or USER:GROUP whom the files of a release are given to; empty for the default.
        restart_within: Seconds that *restart* may take, or None for what *within* allows.
        windows_install_to: The folder on instances that run Windows, where it is another one.
        windows_restart: The command on them, where it is another one.
        asked: Whether a release is to answer that it is well, and is none to go back to before that.
    """

    bucket: str | None
    install_to: str | None
    restart: str | None
    keep_releases: int
    within: float
    words: Sequence[str]
    deployment_group: str | None = None
    application: str = "app"
    restart_within: float | None = None
    owner: str = ""
    windows_install_to: str | None = None
    windows_restart: str | None = None
    asked: bool = False


class ReleaseFailed(TaskError):
    """The placing ended badly, and it is known what the instance runs now.

    Args:
        runs: That, in words, such as "1.0 is running again".
    """

    def __init__(self, what: str, runs: str) -> None:
        super().__init__(what)
        self.runs = runs


class CannotGoBack(Refused):
    """This way of deploying knows no earlier release."""

    def __init__(self) -> None:
        super().__init__("this way of deploying cannot go back", "Deploy the earlier version again instead")


class Deployer(Protocol):
    """One way of deploying; a site's own inherits from this and overrides what it can do better.

    Attributes:
        at_once: For how many instances ``deploy`` may run at the same time. Each run then has a thread of its
            own, where no signal is handled; a cancel is raised from the clock's sleep.
        keeps_records: Whether it leaves a record on the instance, to be compared with the release.
    """

    at_once: int = 1
    keeps_records: bool = False

    @abstractmethod
    def check(self, release: Release, instance: Instance) -> None:
        """Refuse what cannot be deployed.

        Raises:
            Refused: With the reason; nothing was changed.
        """

    @abstractmethod
    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        """Put *release* on *instance* and start it; safe to repeat.

        Raises:
            ReleaseFailed: It is not running there.
            TaskError: It may not be running there.
        """

    def doubts(self, release: Release) -> Sequence[str]:
        """Return what is worth a word, a line each, in a release that has passed ``check``."""
        return ()

    def check_all(self, release: Release, instances: Sequence[Instance]) -> None:
        """Refuse what cannot be deployed to every one of them.

        Raises:
            Refused: With the reason; nothing was changed.
        """
        for instance in instances:
            self.check(release, instance)

    def prepare(self, release: Release, instances: Sequence[Instance], wait: Wait) -> None:
        """See, before they are taken out, that all that deploying needs is still there; safe to repeat.

        Raises:
            TaskError: It is not; they go on as they are.
        """
        return

    def takes_out_of(self, instance: Instance) -> Collection[str]:
        """Return the load balancers, by address, that it has *instance* leave while it deploys."""
        return ()

    def deploy_all(
        self, release: Release, instances: Sequence[Instance], wait: Wait
    ) -> Mapping[str, TaskError]:
        """Put *release* on all of them and start it; safe to repeat.

        Returns:
            By instance id what went wrong: a ReleaseFailed where it is known what runs there now. Those that
            are not in it run the release.

        Raises:
            TaskError: Nothing can be said of any of them.
        """
        if self.at_once > 1:
            return deploy_at_once(
                self.at_once, instances, wait, lambda each, own: self.deploy(release, each, own)
            )
        for number, instance in enumerate(instances):
            try:
                self.deploy(release, instance, wait)
            except TaskError as failure:
                untouched = {
                    each.id: ReleaseFailed(f"{each.name} was not deployed to", "what it ran before")
                    for each in instances[number + 1 :]
                }
                return {instance.id: failure, **untouched}
        return {}

    def records(
        self, release: Release, instances: Sequence[Instance], wait: Wait, since: datetime | None = None
    ) -> Mapping[str, Record]:
        """Return by id what the record of each instance says; one that cannot be read matches nothing.

        Args:
            since: An earlier deployment does not match, even of the same release.
        """
        return {instance.id: unread("none is kept") for instance in instances}

    def note_answered(self, version: str, instances: Sequence[Instance], wait: Wait) -> Mapping[str, str]:
        """Note on *instances* that *version*, which is current there, was well when it was asked.

        What going back by itself goes to has been well. Safe to repeat.

        Returns:
            By instance id why it could not be noted, which is no reason to fail a deployment.
        """
        return {}

    def check_back(self, version: str, instance: Instance) -> None:
        """Refuse what cannot be gone back to.

        Raises:
            Refused: With the reason; nothing was changed.
        """
        raise CannotGoBack

    def go_back(self, instance: Instance, wait: Wait, *, to: str = "", leaving: str = "") -> str:
        """Start an earlier release and return its version.

        Args:
            to: The version to go to; the one before the current one if empty.
            leaving: Only if this version is the current one; any if empty.

        Raises:
            CannotGoBack: It cannot be done in this way.
            ReleaseFailed: There is none, or it does not start.
            TaskError: It may not be running there.
        """
        raise CannotGoBack


MakeDeployer = Callable[[Settings, Aws], Deployer]


def find_deployer(name: str) -> MakeDeployer:
    """Return what makes the deployer that is registered under *name* in any installed package.

    Raises:
        Refused: None is; or two packages claim the name. What it returns: that it makes no deployer.
    """
    asked = f"--via {name}"
    found: MakeDeployer = find(GROUP, name, asked)

    def make(settings: Settings, aws: Aws) -> Deployer:
        deployer: Deployer = make_promised(found, (settings, aws), Deployer, asked)
        return deployer

    return make
