"""Evidence from the instances themselves that no request is in flight on them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tasks.aws.api import Aws
from tasks.aws.instances import Instance
from tasks.aws.run_command import Platform, RunCommand, by_platform, platforms, subject
from tasks.aws.script_result import ScriptResult
from tasks.hosts.script import powershell_script, shell_script
from tasks.hosts.verdict import marked, new_mark
from tasks.running.errors import Refused, TaskError
from tasks.running.waiting import Wait

# An instance and the ports that its load balancers send requests to, by the instance's id.
Ports = Mapping[str, tuple[Instance, tuple[int, ...]]]

# Seconds that counting may take: two lie between its two looks, and a busy host starts PowerShell slowly.
WITHIN = 60.0

SCRIPTS = {Platform.LINUX: shell_script, Platform.WINDOWS: powershell_script}


@dataclass(frozen=True)
class Idleness:
    """What an instance says of its connections.

    Args:
        connections: Open to its ports now; idle ones that a load balancer keeps are among them. None if there
            is no evidence, which is never to be taken for none.
        why: Why there is no evidence; empty if there is.
    """

    connections: int | None
    why: str = ""


class Hosts(Protocol):
    def look(self, ports: Ports, wait: Wait) -> Mapping[str, Idleness]:
        """Return what every instance says, by id; without evidence rather than with an error."""


class SsmHosts:
    """Asks the instances through SSM: one order for fifty of them, nothing to install.

    Args:
        doing: The words that show progress, if they shall not change for this.
    """

    def __init__(self, aws: Aws, doing: str = "") -> None:
        self._aws = aws
        self._doing = doing

    def look(self, ports: Ports, wait: Wait) -> dict[str, Idleness]:
        found = {
            key: Idleness(None, f"{instance.name} has no port to look at")
            for key, (instance, numbers) in ports.items()
            if not numbers or not instance.private_ip
        }
        asked = [instance for key, (instance, _) in ports.items() if key not in found]
        try:
            known = platforms(self._aws, asked)
            for key, platform in known.items():
                if isinstance(platform, Refused):
                    found[key] = Idleness(None, platform.what)
            hosts = by_platform(asked, known)
            found.update(self._counted(hosts, ports, wait))
        except TaskError as error:
            found.update({each.id: Idleness(None, error.what) for each in asked if each.id not in found})
        return found

    def _counted(
        self, hosts: Mapping[Platform, Sequence[Instance]], ports: Ports, wait: Wait
    ) -> dict[str, Idleness]:
        instances = [each for those in hosts.values() for each in those]
        if not instances:
            return {}
        mark = new_mark()
        values = {"table": table({each.id: ports[each.id] for each in instances}), "mark": mark}
        scripts = {platform: SCRIPTS[platform](["count_connections"], values) for platform in hosts}
        words = self._doing or f"{subject(instances)}: counting connections"
        outcomes = RunCommand(self._aws, hosts, WITHIN).run(scripts, wait, words)
        return {key: told(outcome, mark) for key, outcome in outcomes.items()}


def table(ports: Ports) -> str:
    """Return what the script looks its instance up in."""
    return "\n".join(
        f"{key} {instance.private_ip} {','.join(map(str, sorted(set(numbers))))}"
        for key, (instance, numbers) in ports.items()
    )


def told(outcome: ScriptResult, mark: str) -> Idleness:
    """Read what the script printed behind its mark, and take nothing else for evidence."""
    if outcome.problem:
        return Idleness(None, outcome.ended)
    [said] = marked(outcome.output, mark)[:1] or [""]
    if counted := re.fullmatch(r"connections ([0-9]{1,9})\s*", said):
        return Idleness(int(counted[1]))
    without = re.fullmatch(r"no evidence (.+)", said)
    return Idleness(None, without[1].strip() if without else "the script did not say how many there are")
