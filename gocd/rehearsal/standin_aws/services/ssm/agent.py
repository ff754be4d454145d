"""A script on an instance, as Systems Manager's agent runs it.

Sources, in amazon-ssm-agent: ``agent/plugins/runscript`` (file and command line), ``agent/executers``
(outputs, environment, who is killed), ``agent/plugins/pluginutil`` (the least time-out),
``agent/appconfig/constants_*.go`` (exit codes), ``packaging/linux/amazon-ssm-agent.service`` (its folder).
"""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

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
        reboots: The exit code by which a script asks for a reboot, after which it runs once more.
        stopped: The exit code of what was stopped, and of what was not and ends with it.
        folder: Where the agent runs, and so a script that is told no folder.
    """

    script: str
    reboots: int
    stopped: int
    folder: str


LINUX = System("_script.sh", reboots=194, stopped=137, folder="usr/bin")


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
    script = folder / LINUX.script
    place(script, ("\n".join(lines) + "\n").encode())
    own = instance.root / LINUX.folder
    own.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        # The path is a command to this shell: a first line with #! chooses another one.
        ["sh", "-c", shlex.quote(str(script))],
        cwd=workdir or own,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    ) as process:
        return _followed(process, stopped)


def _followed(process: subprocess.Popen[bytes], stopped: Callable[[], str]) -> Ended:
    assert process.stdout is not None
    assert process.stderr is not None
    output, error = process.stdout.fileno(), process.stderr.fileno()
    said = {output: b"", error: b""}
    status = ""
    with _reading(said) as selector:
        while selector.get_map() or process.poll() is None:
            if status := stopped():
                _kill(process)
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
    # A script that a signal killed has no exit code (os/exec, ExitCode).
    return Ended(LINUX.stopped if status else max(code, -1), said[output], said[error], status)


@contextmanager
def _reading(outputs: Mapping[int, bytes]) -> Iterator[selectors.DefaultSelector]:
    with selectors.DefaultSelector() as selector:
        for each in outputs:
            selector.register(each, selectors.EVENT_READ)
        yield selector


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill as the agent does: its whole process group, but nothing that has left it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
