"""Scripts that take a moment on many instances: what each of them tells, in one line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.instances import Instance
from tasks.aws.run_command import Platform, RunCommand, by_platform
from tasks.hosts.install_hosts import InstallHosts
from tasks.hosts.script import powershell_script, shell_script
from tasks.hosts.verdict import marked, new_mark
from tasks.running.errors import Refused
from tasks.running.waiting import Wait

SCRIPTS = {Platform.LINUX: shell_script, Platform.WINDOWS: powershell_script}


@dataclass(frozen=True)
class ToldThere:
    """What one instance told.

    Args:
        platform: None where nothing can be run on it.
        said: What the script printed behind its mark.
        why: Why it came to nothing; empty if it did not.
    """

    platform: Platform | None
    said: str
    why: str


class ShortScripts:
    """Runs one of them on instances, on all at the same time.

    Args:
        folders: The install folder on each kind of host.
        within: Seconds that it may take.
    """

    def __init__(self, aws: Aws, hosts: InstallHosts, folders: Mapping[Platform, str], within: float) -> None:
        self._aws = aws
        self._hosts = hosts
        self._folders = folders
        self._within = within

    def run(
        self, script: str, values: Mapping[str, str], instances: Sequence[Instance], wait: Wait, doing: str
    ) -> dict[str, ToldThere]:
        """Run it, and return by id what was told.

        Raises:
            AwsError: AWS took no order at all.
        """
        # One that went away since would hold back what all others say.
        known = self._hosts.anew(instances)
        hosts = by_platform(instances, known)
        mark = new_mark()
        scripts = {
            platform: SCRIPTS[platform](
                [script], {"install_to": self._folders[platform], "mark": mark, **values}
            )
            for platform in hosts
        }
        outcomes = RunCommand(self._aws, hosts, self._within).run(scripts, wait, doing)
        told: dict[str, ToldThere] = {}
        for key, platform in known.items():
            if isinstance(platform, Refused):
                told[key] = ToldThere(None, "", platform.what)
                continue
            ended = outcomes[key]
            [said] = marked(ended.output, mark)[:1] or [""]
            [why] = marked(ended.errors, mark)[:1] or [ended.ended]
            told[key] = ToldThere(platform, said, why if ended.problem else "")
        return told
