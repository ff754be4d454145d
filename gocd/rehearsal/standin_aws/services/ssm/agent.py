"""A script on an instance, as Systems Manager's agent runs it.

Sources, in amazon-ssm-agent: ``agent/plugins/runscript`` (file and command line), ``agent/executers``
(outputs, environment, who is killed), ``agent/plugins/pluginutil`` (the least time-out),
``agent/appconfig/constants_*.go`` (exit codes), ``packaging/linux/amazon-ssm-agent.service`` (its folder).
"""

from __future__ import annotations

import os
import selectors
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gocd.rehearsal.standin_aws.machines import powershell, windows
from gocd.rehearsal.standin_aws.machines.executable import place
from gocd.rehearsal.standin_aws.machines.instances import Instance

# Seconds of a time-out that the agent takes, and what in place of any other: ValidateExecutionTimeout.
LEAST_TIMEOUT, LONGEST_TIMEOUT, USUAL_TIMEOUT = 5, 172_800, 3_600

# Seconds between two looks at whether a script is to be stopped.
LOOK = 0.05


@dataclass(frozen=True)
class System:
    """What the agent does otherwise on one system than on another.

    Args:
        script: The name of the file that a script is written to.
        written: A script as it is written there.
        command: The words that start it.
        folder: Where the agent runs, and so a script that is told no folder.
        whole_group: Whether all of a script's process group is killed, or its first process alone.
        stopped: The exit code of what the agent stopped.
        killed: The exit code of what somebody else killed.
        reboots: The exit code by which a script asks for a reboot, after which it runs once more.
    """

    script: str
    written: Callable[[str], bytes]
    command: Callable[[Path], Sequence[str]]
    folder: str
    whole_group: bool
    stopped: int
    killed: int
    reboots: int


SYSTEMS = {
    "Linux": System(
        "_script.sh",
        str.encode,
        # The path is a command to this shell: a first line with #! chooses another one.
        lambda script: ["sh", "-c", shlex.quote(str(script))],
        "usr/bin",
        whole_group=True,
        stopped=137,
        killed=-1,
        reboots=194,
    ),
    "Windows": System(
        "_script.ps1",
        powershell.script_bytes,
        powershell.command,
        windows.AGENTS,
        whole_group=False,
        stopped=-1,
        killed=1,
        # An exit code has one byte here.
        reboots=3010 % 256,
    ),
}


@dataclass(frozen=True)
class Ended:
    """How a script ended, with all that it said; *stopped* is the status of one that was stopped."""

    exit_code: int
    output: bytes
    error: bytes
    stopped: str = ""


def timeout(asked: str) -> int:
    """Return the seconds that a script may run, of those that were asked for."""
    seconds = int(asked)
    return seconds if LEAST_TIMEOUT <= seconds <= LONGEST_TIMEOUT else USUAL_TIMEOUT


def run_script(
    instance: Instance,
    lines: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    stopped: Callable[[], str],
    workdir: str = "",
) -> Ended:
    """Run a script to the end of it and of its outputs, which may be long after.

    The agent reads through pipes: as long as any child of the script holds one, the script has not ended.

    Args:
        folder: Where the agent keeps the script.
        stopped: Gives a status once the script is to be stopped.
        workdir: The folder to start in; empty for the agent's own.
    """
    system = SYSTEMS[instance.platform]
    script = folder / system.script
    place(script, system.written("\n".join(lines) + "\n"))
    own = instance.root / system.folder
    own.mkdir(parents=True, exist_ok=True)
    command = system.command(script)
    program = shutil.which(command[0], path=environment["PATH"])
    if not program:
        return Ended(1, b"", b"")
    with subprocess.Popen(
        [program, *command[1:]],
        cwd=workdir or own,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    ) as process:
        return _followed(process, system, stopped)


def _followed(process: subprocess.Popen[bytes], system: System, stopped: Callable[[], str]) -> Ended:
    assert process.stdout is not None
    assert process.stderr is not None
    output, error = process.stdout.fileno(), process.stderr.fileno()
    said = {output: b"", error: b""}
    status = ""
    with _reading(said) as selector:
        while selector.get_map() or process.poll() is None:
            if status := stopped():
                _kill(process, system)
                break
            if not selector.get_map():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(LOOK)
            for key, _ in selector.select(LOOK) if selector.get_map() else ():
                if read := os.read(key.fd, 65536):
                    said[key.fd] += read
                else:
                    selector.unregister(key.fd)
    code = process.wait()
    if status:
        code = system.stopped
    elif code < 0:
        code = system.killed
    return Ended(code, said[output], said[error], status)


@contextmanager
def _reading(outputs: Mapping[int, bytes]) -> Iterator[selectors.DefaultSelector]:
    with selectors.DefaultSelector() as selector:
        for each in outputs:
            selector.register(each, selectors.EVENT_READ)
        yield selector


def _kill(process: subprocess.Popen[bytes], system: System) -> None:
    with suppress(ProcessLookupError):
        if system.whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
