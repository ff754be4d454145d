"""Deploy with a command of the site's own."""

import stat
from collections.abc import Sequence
from pathlib import Path

from tasks.aws.api import Aws
from tasks.aws.instances import Instance
from tasks.deployers.deployer import Deployer, Settings
from tasks.deployers.release import Release
from tasks.running.errors import Refused, TaskError
from tasks.running.process_tree import System
from tasks.running.site_program import SiteProgram, ending_of
from tasks.running.waiting import Wait
from tasks.status.placeholders import fill, values_of


class CommandDeployer(Deployer):
    def __init__(self, words: Sequence[str], within: float, system: System | None = None) -> None:
        """Take the command as its words; no shell sees them.

        Args:
            system: What stops it; by default this machine's own.

        Raises:
            Refused: There is no such command on this agent.
        """
        if not words:
            raise Refused("--via command needs the command, after --")
        self._program = SiteProgram(words, "--via command", system)
        self._words = words
        self._within = within
        self._checked: dict[str, tuple[float, ...]] = {}

    def check(self, release: Release, instance: Instance) -> None:
        if "://" not in release.artifact:
            self._checked[release.artifact] = _seen(release.artifact)
        self._filled(release, instance)

    def prepare(self, release: Release, instances: Sequence[Instance], wait: Wait) -> None:
        if "://" in release.artifact:
            return
        now = _seen(release.artifact)
        if now != self._checked.setdefault(release.artifact, now):
            raise Refused(f"the artifact {release.artifact} has changed since it was looked at")

    def deploy(self, release: Release, instance: Instance, wait: Wait) -> None:
        words = self._filled(release, instance)
        wait.log.say(f"{instance.name}: deploying {release.version} with {Path(words[0]).name}")
        code = self._program.run(words, f"{instance.name}: deploying", wait, self._within)
        if code:
            raise TaskError(
                f"{words[0]} {ending_of(code)} while deploying {release.version} to {instance.name}"
            )

    def _filled(self, release: Release, instance: Instance) -> list[str]:
        values = {**values_of(instance, release.version), "artifact": release.artifact}
        return [fill(word, values) for word in self._words]


def _seen(artifact: str) -> tuple[float, ...]:
    """Return what changes when a file is written to or replaced; of a folder only the latter."""
    try:
        found = Path(artifact).stat()
    except OSError as problem:
        gone = isinstance(problem, FileNotFoundError)
        why = f"there is no artifact {artifact}" if gone else f"the artifact {artifact} cannot be read"
        raise Refused(why if gone else f"{why} ({problem.strerror or problem})") from None
    same = (found.st_dev, found.st_ino)
    return same if stat.S_ISDIR(found.st_mode) else (*same, found.st_size, found.st_mtime)


def deployer(settings: Settings, _: Aws) -> CommandDeployer:
    return CommandDeployer(settings.words, settings.within)
