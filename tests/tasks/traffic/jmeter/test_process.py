"""Whoever starts JMeter ends it: on a cancel, and even when killed himself."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tasks.running.errors import Cancelled, TaskError
from tasks.running.process_tree import Windows
from tasks.traffic.jmeter.process import run_jmeter
from tests import windows

# As a site's own script: it starts what does the work as a child, and waits for it.
SCRIPT = """#!/bin/sh
echo one; printf two; sleep 0.2; printf ' words\\n\\n'
sh -c 'trap "echo closed > {folder}/closed; exit 143" TERM; echo $$ > {folder}/child; sleep 60 & wait' ended
echo last >&2
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "jmeter"
    path.write_text(SCRIPT.format(folder=tmp_path))
    path.chmod(0o755)
    return path


def gone(pid: int, within: float = 30.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        threading.Event().wait(0.02)
    return False


def test_lines_are_passed_on_whole_and_the_exit_code_is_told() -> None:
    said: list[str] = []
    words = ["sh", "-c", "echo one; printf tw; sleep 0.1; echo o; echo err >&2; printf end; exit 3"]
    assert run_jmeter(words, said.append, lambda: None) == 3
    assert said == ["one", "two", "err", "end"]


def test_bytes_that_are_no_text_are_passed_on_as_they_can_be_read() -> None:
    said: list[str] = []
    run_jmeter(["printf", "Z\\374rich"], said.append, lambda: None)
    assert said == ["Z\\xfcrich"]


def test_death_by_a_signal_is_told_as_a_shell_does() -> None:
    assert run_jmeter(["sh", "-c", "kill -9 $$"], print, lambda: None) == 137


def test_what_cannot_be_started_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"cannot be started \(No such file or directory\)"):
        run_jmeter([str(tmp_path / "none")], print, lambda: None)


def test_silence_is_noticed_every_second() -> None:
    silent: list[None] = []
    run_jmeter(["sleep", "1.5"], print, lambda: silent.append(None))
    assert len(silent) == 1


def test_a_cancel_ends_it_with_all_its_children_and_lets_it_close_its_record(
    tmp_path: Path, script: Path
) -> None:
    def idle() -> None:
        raise Cancelled(signal.SIGTERM)

    with pytest.raises(Cancelled):
        run_jmeter([str(script)], print, idle)
    assert (tmp_path / "closed").exists()
    assert gone(int((tmp_path / "child").read_text()))


def test_a_cancel_on_windows_kills_it_with_all_its_children(tmp_path: Path, script: Path) -> None:
    machine = windows.Windows()

    def idle() -> None:
        raise Cancelled(signal.SIGINT)

    with pytest.raises(Cancelled):
        run_jmeter([str(script)], print, idle, Windows(machine.start, machine.call, machine.kill))
    assert not (tmp_path / "closed").exists()
    assert gone(int((tmp_path / "child").read_text()))


def test_it_does_not_outlive_a_kill_of_whoever_started_it(tmp_path: Path, script: Path) -> None:
    start = f"run_jmeter([{str(script)!r}], print, lambda: None)"
    code = f"from tasks.traffic.jmeter.process import run_jmeter; {start}"
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    child = tmp_path / "child"
    while not (child.exists() and child.read_text().strip()):
        assert starter.poll() is None
        threading.Event().wait(0.02)
    starter.kill()
    starter.wait()
    assert gone(int(child.read_text()))
