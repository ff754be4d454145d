"""A rehearsal that is interrupted: by Ctrl-C in a real terminal, or by being killed."""

import os
import pty
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.gocd.rehearsal.rehearsal.rehearsing import (
    PROGRAM,
    ROOT,
    STAGING,
    consoles,
    summary_in,
    without_jmeter,
)
from tests.gocd.rehearsal.sample.running import eventually, pause

pytestmark = pytest.mark.end_to_end

# Moves the cursor, or colours: what a terminal does not show as letters.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

WAIT = """\
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
                    arguments:
                      - -c
                      - echo rolling-deploy; sleep 600; gocd-tasks rolling-deploy a.tgz --load-balancer web
"""


ALONE = ("--fleet", "1", "--group-size", "0")
PLAN = ("--plan", str(ROOT / "pipelines/verify.jmx"))


class InTerminal:
    """A rehearsal in a terminal of its own, which has it in the foreground."""

    def __init__(self, folder: Path, file: Path, *words: str) -> None:
        self.folder = folder
        self._terminal, its_end = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", PROGRAM, "rehearse", file, "--folder", folder, "--rate", "50", *words],
            stdin=its_end,
            stdout=its_end,
            stderr=its_end,
        )
        os.close(its_end)
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

    def wait_until_tasks_say(self, words: str) -> None:
        deadline = time.monotonic() + 60
        while words not in consoles(self.folder):
            assert time.monotonic() < deadline, self.shown()
            pause(0.1)

    def press_ctrl_c(self) -> None:
        os.write(self._terminal, b"\x03")

    def end(self) -> int:
        """Wait until it has ended by itself; gives its exit code."""
        code = self.process.wait()
        self._reader.join(10)
        os.close(self._terminal)
        return code


def left_of(folder: Path) -> list[str]:
    """The command lines of all processes that have to do with what is in *folder*."""
    lines = [" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line]


def test_ctrl_c_in_a_terminal_cancels_the_running_job_as_gocd_does_and_accuses_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    rehearsal = InTerminal(folder, without_jmeter(STAGING, tmp_path), "--speed", "30")
    rehearsal.wait_until_tasks_say("draining")
    rehearsal.press_ctrl_c()

    assert rehearsal.end() == 130
    assert "Staging-1 was put back and serves as before" in consoles(folder)
    ended_well(rehearsal, "Stage Staging-1-out cancelled. No request was lost.")


@pytest.mark.exhaustive
def test_ctrl_c_in_a_terminal_leaves_a_plan_of_the_sites_own_alone(tmp_path: Path) -> None:
    rehearsal = InTerminal(tmp_path / "r", waiting(tmp_path), *ALONE, *PLAN)
    rehearsal.wait_until_tasks_say("rolling-deploy")
    rehearsal.press_ctrl_c()

    assert rehearsal.end() == 130
    ended_well(rehearsal, "Stage wait cancelled. No request was lost.")


def test_ctrl_c_before_the_pipeline_starts_ends_in_one_line(tmp_path: Path) -> None:
    rehearsal = InTerminal(tmp_path / "r", waiting(tmp_path), *ALONE)
    assert eventually(lambda: "Traffic: " in rehearsal.shown())
    rehearsal.press_ctrl_c()

    assert rehearsal.end() == 130
    ended_quietly(rehearsal)


def test_nothing_outlives_a_rehearsal_that_is_killed(tmp_path: Path) -> None:
    rehearsal = InTerminal(tmp_path / "r", waiting(tmp_path), *ALONE, *PLAN)
    rehearsal.wait_until_tasks_say("rolling-deploy")
    running = left_of(tmp_path)
    rehearsal.process.kill()

    assert rehearsal.end() == -signal.SIGKILL
    # Itself, Envoy, a service, JMeter and who started it, and the task.
    assert len(running) >= 6
    assert eventually(lambda: not left_of(tmp_path)), left_of(tmp_path)


def ended_well(rehearsal: InTerminal, verdict: str) -> None:
    """Assert that it says *verdict*, measured users who came to no harm, and that nothing is left of it."""
    requests = summary_in(rehearsal.folder)["requests"]
    assert requests["lost"] == 0
    assert requests["sent"] > 0
    assert ended_quietly(rehearsal)[-2] == verdict


def ended_quietly(rehearsal: InTerminal) -> list[str]:
    """Assert that its last line alone is an error, and true; gives all lines with anything in them."""
    shown = rehearsal.shown()
    lines = [line for line in shown.splitlines() if line.strip()]
    assert "Traceback" not in shown
    lines[-1] = lines[-1].removeprefix("^C")
    assert [line for line in lines if line.startswith("error: ")] == lines[-1:]
    end = f"error: cancelled; nothing of it runs any more, and what it wrote is in {rehearsal.folder}"
    assert lines[-1] == end
    assert left_of(rehearsal.folder) == []
    return lines


def waiting(folder: Path) -> Path:
    """A pipeline with one task that waits, and has the folder in its command line."""
    file = folder / "wait.gocd.yaml"
    file.write_text(WAIT.replace("sleep 600", f"sleep 600; true {folder}"))
    return file
