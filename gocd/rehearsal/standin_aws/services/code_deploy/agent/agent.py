"""The agent of one instance, at work on one deployment: what it does at each command.

Sources: aws-codedeploy-agent, command_executor.rb; command_poller.rb (DEFAULT_HOOK_MAPPING,
recover_from_crash?); init.d/codedeploy-agent.service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.code_deploy.agent.appspec import AppSpec, parse_appspec
from gocd.rehearsal.standin_aws.services.code_deploy.agent.bundle import download
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure, failed_call
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem
from gocd.rehearsal.standin_aws.services.code_deploy.agent.folders import Folders
from gocd.rehearsal.standin_aws.services.code_deploy.agent.hooks import APPSPEC, revision_for, run_hook
from gocd.rehearsal.standin_aws.services.code_deploy.agent.install import install
from gocd.rehearsal.standin_aws.services.code_deploy.agent.order import ALL_EVENTS, Order
from gocd.rehearsal.standin_aws.services.code_deploy.agent.ruby import inspect
from gocd.rehearsal.standin_aws.services.code_deploy.agent.script import Surroundings


class Agent:
    """Obeys the commands of one *order*; what it runs has *mark* on it, and ends once nothing *lives*."""

    def __init__(
        self, order: Order, instance: Instance, mark: str, clock: Clock, lives: Callable[[], bool]
    ) -> None:
        self._order = order
        self._platform = instance.platform.lower()
        self._environment = environment(instance, mark)
        self._files = FileSystem(instance.root)
        self._folders = Folders(self._files, order.group_id, order.deployment_id)
        self._now = clock
        self._lives = lives

    def obey(self, command: str) -> None:
        """Do what CodeDeploy calls *command*, which is a lifecycle event.

        Raises:
            AgentFailure: It failed.
            Killed: It was cut short.
        """
        if self._platform != "linux":
            raise AgentFailure("a stand-in has CodeDeploy's agent on Linux alone")
        if command == "DownloadBundle":
            self._folders.deployment.mkdir(parents=True, exist_ok=True)
            self._folders.remove_old()
            download(self._order.revision, self._folders.deployment)
            self._folders.note_downloaded()
        elif command == "Install":
            self._install()
            self._folders.note_installed()
        elif revision := self._revision_for(command):
            variables = {**self._environment, **self._order.variables(command)}
            at = Surroundings(self._files, variables, self._now, self._lives)
            run_hook(command, revision, self._folders, self._platform, at)

    def _revision_for(self, event: str) -> Path | None:
        rollback = self._order.blue_green_rollback
        return revision_for(event, self._folders, blue_green_rollback=rollback)

    def _install(self) -> None:
        install(
            self._checked_appspec(),
            self._folders.archive,
            self._files,
            self._folders.cleanup,
            self._order.file_exists_behavior,
            self._environment,
        )

    def _checked_appspec(self) -> AppSpec:
        """Read the appspec that is installed by: ``appspec.yaml`` too, where there is no ``appspec.yml``.

        Here, and no sooner, a hook for an event that no deployment has is refused.
        """
        archive = self._folders.archive
        names = [name for name in (APPSPEC, "appspec.yaml") if (archive / name).exists()]
        file = archive / (names or [APPSPEC])[0]
        try:
            spec = parse_appspec(file.read_bytes(), self._platform)
        except OSError as problem:
            raise failed_call(problem, "rb_sysopen", self._files.told(file)) from None
        if unknown := [each for each in spec.hooks if each not in ALL_EVENTS]:
            raise AgentFailure(f"{file.name} file contains unknown lifecycle events: {inspect(unknown)}")
        return spec


def environment(instance: Instance, mark: str) -> Mapping[str, str]:
    """Give what the agent sees, and so its scripts: what systemd gives a service, and bash that starts it.

    There is no HOME, which ``runas`` has su set; and a profile that sets USER is not every distribution's.
    """
    return {**instance.environment(mark), "SHELL": "/bin/bash", "TERM": "dumb"}
