"""The scripts of one lifecycle event, run as CodeDeploy's agent runs them.

Sources: CodeDeploy user guide, AppSpec 'hooks' section; the agent's own sources (aws-codedeploy-agent: the
environment of a script, its log and its error messages).
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gocd.rehearsal.standin_aws.machines.executable import place
from gocd.rehearsal.standin_aws.services.code_deploy.appspec import AgentFailure, inside, read_appspec

# Characters of a script's log that are reported.
LOG_TAIL = 4096


def run_hook(
    event: str, archive: Path, root: Path, environment: Mapping[str, str], dead: threading.Event
) -> None:
    """Run what the revision in *archive* has for *event*; nothing, if it has nothing.

    Args:
        root: The folder to run in.
        dead: Kills the script that runs.

    Raises:
        AgentFailure: A script is missing, fails or takes too long.
    """
    log = f"LifecycleEvent - {event}\n"
    for script in read_appspec(archive).hooks.get(event, ()):
        log += f"Script - {script.location}\n"
        path = inside(archive, script.location)
        if not path.is_file():
            text = f"Script does not exist at specified location: {script.location}"
            raise AgentFailure(text, "ScriptMissing", script.location, log)
        place(path, path.read_bytes())
        code, output = _run(path, script.timeout, root, archive.parent / "logs", environment, dead)
        log += output
        what = f"Script at specified location: {script.location}"
        if code is None:
            text = f"{what} failed to complete in {script.timeout:.0f} seconds"
            raise AgentFailure(text, "ScriptTimedOut", script.location, log[-LOG_TAIL:])
        if code:
            user = f" run as user {script.runas}" if script.runas else ""
            text = f"{what}{user} failed with exit code {code}"
            raise AgentFailure(text, "ScriptFailed", script.location, log[-LOG_TAIL:])


def _run(
    path: Path, timeout: float, root: Path, logs: Path, environment: Mapping[str, str], dead: threading.Event
) -> tuple[int | None, str]:
    logs.mkdir(exist_ok=True)
    with (logs / "stdout").open("wb") as out, (logs / "stderr").open("wb") as err:
        process = subprocess.Popen(
            ["sh", "-c", shlex.quote(str(path))],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        code = _wait(process, timeout, dead)
    read = [(name, (logs / name).read_text(errors="replace")) for name in ("stdout", "stderr")]
    return code, "".join(f"[{name}]{line}\n" for name, text in read for line in text.splitlines())


def _wait(process: subprocess.Popen[bytes], timeout: float, dead: threading.Event) -> int | None:
    deadline = time.monotonic() + timeout
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(0.02) % 256
        if dead.is_set() or time.monotonic() >= deadline:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None
