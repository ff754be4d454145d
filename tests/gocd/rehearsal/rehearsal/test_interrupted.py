"""A rehearsal that is interrupted: by Ctrl-C in a real terminal, or by being killed."""

import json
import os
import pty
import re
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.gocd.rehearsal.rehearsal.test_rehearsal import PROGRAM, ROOT, STAGING, without_jmeter
from tests.gocd.rehearsal.sample.running import eventually, pause

pytestmark = pytest.mark.end_to_end

# Moves the cursor, or colours: what a terminal does not show as letters.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

IN_THE_FOREGROUND = """\
format_version: 10
pipelines:
  wait:
    group: trial
    materials: {app: {pipeline: app-build, stage: build}}
    stages:
      - wait:
          jobs:
            wait:
              tasks:
                - exec:
                    command: sh
                    arguments: [-c, "echo gocd-tasks rolling-deploy a.tar.gz --load-balancer web; sleep 600"]
"""


class InTerminal:
    """A rehearsal in a terminal of its own, which has it in the foreground."""

    def __init__(self, folder: Path, file: Path, *words: str) -> None:
        self.folder = folder
        command = [str(PROGRAM), "rehearse", str(file), "--folder", str(folder), "--rate", "100", *words]
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execv(command[0], command)
        self._shown = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # A terminal without a program in it cannot be read.
        with suppress(OSError):
            while read := os.read(self._terminal, 65_536):
                self._shown += read

    def shown(self) -> str:
        return CONTROL.sub("", self._shown.decode(errors="replace")).replace("\r", "\n")

    def console(self) -> str:
        """What the pipeline's tasks have said until now."""
        return "".join(log.read_text() for log in (self.folder / "artifacts").rglob("console.log"))

    def wait_until_tasks_say(self, words: str) -> None:
        deadline = time.monotonic() + 60
        while words not in self.console():
            assert time.monotonic() < deadline, self.shown()
            pause(0.1)

    def press_ctrl_c(self) -> None:
        os.write(self._terminal, b"\x03")

    def end(self) -> int:
        """Wait until it has ended by itself; gives its exit code."""
        _, status = os.waitpid(self.pid, 0)
        self._reader.join(10)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)


def left_of(folder: Path) -> list[str]:
    """The command lines of all processes that have to do with what is in *folder*."""
    lines = [" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line]


@pytest.mark.parametrize("traffic", [(), ("--plan", str(ROOT / "pipelines/verify.jmx"))], ids=["own", "plan"])
def test_ctrl_c_in_a_terminal_cancels_the_running_job_as_gocd_does_and_accuses_nobody(
    tmp_path: Path, traffic: tuple[str, ...]
) -> None:
    folder = tmp_path / "r"
    rehearsal = InTerminal(folder, without_jmeter(STAGING, tmp_path), "--speed", "30", *traffic)
    rehearsal.wait_until_tasks_say("draining")
    rehearsal.press_ctrl_c()
    code = rehearsal.end()
    shown = rehearsal.shown()

    assert code == 130
    assert "Staging-1 was put back and serves as before" in rehearsal.console()
    assert "Traceback" not in shown
    assert "error: the plan's traffic broke off" not in shown
    requests = json.loads((folder / "summary.json").read_text())["requests"]
    assert requests["lost"] == 0
    assert requests["sent"] > 0
    *_, verdict, last = [line for line in shown.splitlines() if line.strip()]
    assert verdict == "Stage Staging-1-out cancelled. No request was lost."
    assert last == f"error: cancelled; nothing of it runs any more, and what it wrote is in {folder}"
    assert left_of(folder) == []


def test_ctrl_c_before_the_pipeline_starts_ends_in_one_line(tmp_path: Path) -> None:
    rehearsal = InTerminal(tmp_path / "r", without_jmeter(STAGING, tmp_path))
    assert eventually(lambda: "Traffic: " in rehearsal.shown())
    rehearsal.press_ctrl_c()

    assert rehearsal.end() == 130
    assert "Traceback" not in rehearsal.shown()
    assert rehearsal.shown().count("error: ") == 1
    assert f"cancelled; nothing of it runs any more, and what it wrote is in {tmp_path}" in rehearsal.shown()
    assert left_of(tmp_path / "r") == []


def test_nothing_outlives_a_rehearsal_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "wait.gocd.yaml"
    file.write_text(IN_THE_FOREGROUND.replace("600", f"600; : {tmp_path}"))
    plan = str(ROOT / "pipelines/verify.jmx")
    rehearsal = InTerminal(tmp_path / "r", file, "--fleet", "1", "--group-size", "0", "--plan", plan)
    rehearsal.wait_until_tasks_say("rolling-deploy")
    running = left_of(tmp_path)
    os.kill(rehearsal.pid, signal.SIGKILL)

    assert rehearsal.end() == -signal.SIGKILL
    # Itself, Envoy, a service, JMeter and who started it, and the task.
    assert len(running) >= 6
    assert eventually(lambda: not left_of(tmp_path)), left_of(tmp_path)
