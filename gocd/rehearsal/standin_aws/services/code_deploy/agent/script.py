"""One script, run as the agent runs it: what it is started by, what is read of it, how it may end.

A script has the rights of whoever runs the stand-in; ``su`` and ``sudo`` are the instance's own
(machines/su.py).

Sources: aws-codedeploy-agent, hook_executor.rb (execute_script), platform/linux_util.rb
(prepare_script_command), platform/thread_joiner.rb; Ruby's open3.rb (popen_run).
"""

from __future__ import annotations

import errno
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.services.code_deploy.agent.appspec import Script
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import (
    OUTPUTS_LEFT_OPEN,
    SCRIPT_FAILED,
    SCRIPT_TIMED_OUT,
    AgentFailure,
)
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem, inside
from gocd.rehearsal.standin_aws.services.code_deploy.agent.script_log import ScriptLog

# Seconds between two looks at what runs.
PAUSE = 0.02


class Killed(Exception):
    """What ran was killed, and its machine or the whole stand-in with it."""


@dataclass(frozen=True)
class Surroundings:
    """What scripts run in: an instance's *files*, an *environment*, and for as long as *lives* says so."""

    files: FileSystem
    environment: Mapping[str, str]
    now: Clock
    lives: Callable[[], bool]


def run_script(script: Script, archive: Path, at: Surroundings, log: ScriptLog) -> None:
    """Run a *script* of *archive*, and return once it has ended well and nobody holds its outputs.

    Raises:
        AgentFailure: It could not start, failed, or took too long; or another process holds its outputs still
            when all the time that it had is over.
        Killed: The surroundings live no more.
    """
    what = f"Script at specified location: {script.location}"
    who = f"{what} run as user {script.runas}" if script.runas is not None else what

    def failure(text: str, code: str) -> AgentFailure:
        return AgentFailure(text, code, script.location, log.tail)

    deadline = at.now() + script.timeout
    try:
        process = _start(command(script, archive), at)
    except OSError as problem:
        name = errno.errorcode.get(problem.errno or 0, "EIO")
        where = at.files.told(inside(archive, script.location.split()[0]))
        told = f"{who} failed with error Errno::{name} with message {problem.strerror} - {where}"
        raise failure(told, SCRIPT_FAILED) from None
    held = _read(process, deadline, at, log)
    if process.poll() is None or not at.lives():
        _end(process, at)
        raise failure(f"{what} failed to complete in {script.timeout} seconds", SCRIPT_TIMED_OUT)
    for output in held:
        raise failure(f"{what} failed to close {output.upper()}", OUTPUTS_LEFT_OPEN)
    if process.returncode:
        # A script that a signal ended has no exit code to tell.
        code = process.returncode if process.returncode > 0 else ""
        raise failure(f"{who} failed with exit code {code}", SCRIPT_FAILED)


def command(script: Script, archive: Path) -> list[str]:
    """Give the words that start a script: a user's shell only if its appspec says ``runas``.

    They are one text to the agent, so that what follows a blank in a file's name is an argument.
    """
    name, *arguments = script.location.split()
    words = [str(inside(archive, name)), *arguments]
    if script.runas is not None:
        words = ["su", script.runas, "-c", *words]
    return ["sudo", *words] if script.sudo else words


def _start(words: Sequence[str], at: Surroundings) -> subprocess.Popen[bytes]:
    def start(words: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            words,
            cwd=at.files.root,
            env=at.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    try:
        return start(words)
    except OSError as problem:
        # Ruby has a file without a first line that names its interpreter read by sh.
        if problem.errno != errno.ENOEXEC:
            raise
        return start(["/bin/sh", *words])


def _read(process: subprocess.Popen[bytes], deadline: float, at: Surroundings, log: ScriptLog) -> list[str]:
    """Read both outputs until they and the script have ended, or the time is over; gives those left open.

    They are closed then: who holds one still is killed by SIGPIPE when he writes to it.
    """
    assert process.stdout
    assert process.stderr
    outputs = {"stdout": process.stdout, "stderr": process.stderr}
    rest = dict.fromkeys(outputs, b"")
    with selectors.DefaultSelector() as open_ones:
        for name, pipe in outputs.items():
            open_ones.register(pipe, selectors.EVENT_READ, name)
        while (process.poll() is None or open_ones.get_map()) and at.now() < deadline and at.lives():
            if not open_ones.get_map():
                time.sleep(PAUSE)
                continue
            for key, _ in open_ones.select(PAUSE):
                name, data = key.data, os.read(key.fd, 65536)
                *lines, rest[name] = (rest[name] + data).split(b"\n")
                for line in lines:
                    log.add(b"[%s]%s\n" % (name.encode(), line))
                if not data:
                    open_ones.unregister(key.fileobj)
                    if rest[name]:
                        log.add(b"[%s]%s" % (name.encode(), rest[name]))
        held = {key.data for key in open_ones.get_map().values()}
    for pipe in outputs.values():
        pipe.close()
    # In the order in which the agent looks at them.
    return [name for name in outputs if name in held]


def _end(process: subprocess.Popen[bytes], at: Surroundings) -> None:
    """Send SIGTERM to the script's whole group, and wait for the script alone, however long that takes."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    while process.poll() is None and at.lives():
        time.sleep(PAUSE)
    if not at.lives():
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise Killed
