"""The staged rollout rehearsed on Windows hosts: PowerShell as the agent starts it, under traffic."""

import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gocd.rehearsal.rehearsal.rehearsing import (
    FASTER,
    STAGING,
    consoles,
    rehearse,
    statuses,
    without_jmeter,
)
from tests.tasks.hosts.powershell_host import needs_powershell

pytestmark = [pytest.mark.end_to_end, pytest.mark.exhaustive, needs_powershell]

WINDOWS = (*FASTER, "--platform", "windows")
# It leaves a child that has whatever the restart had open.
LEAVES_A_CHILD = "restart=Restart-Service app; Start-Process /bin/sleep 600"


@contextmanager
def beside(act: Callable[[], bool]) -> Iterator[None]:
    """Try *act* beside what runs until it says that it is done."""
    ended = threading.Event()

    def keep_trying() -> None:
        while not ended.wait(0.05) and not act():
            pass

    thread = threading.Thread(target=keep_trying)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def tasks_in(folder: Path, name: str) -> list[int]:
    """The processes of a task of this name that a rehearsal in *folder* has started."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words, at = (each / "cmdline").read_bytes().split(b"\0"), (each / "cwd").readlink()
        except OSError:
            continue
        if name.encode() in words and at.is_relative_to(folder):
            found.append(int(each.name))
    return found


def test_the_staged_rollout_on_windows_loses_no_request(tmp_path: Path) -> None:
    done, summary = rehearse(tmp_path / "r", without_jmeter(STAGING, tmp_path), *WINDOWS)

    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}
    assert summary["capacity"] == {"lowest": 1, "of": 2}
    for machine in ("Staging-1", "Staging-2"):
        assert rf"{machine}: running 2.0 from C:\srv\app\releases\2.0" in consoles(tmp_path / "r")


def test_a_deployment_killed_in_the_middle_is_done_again_though_its_restart_leaves_a_child(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "r"
    releases = folder / "aws/instances/Staging-1/C/srv/app/releases"

    def kill_in_the_middle() -> bool:
        if not list(releases.glob("*2.0*")) and not list(releases.glob(".incoming*")):
            return False
        doomed = tasks_in(folder, "deploy-artifact")
        for each in doomed:
            os.kill(each, signal.SIGKILL)
        return bool(doomed)

    with beside(kill_in_the_middle):
        staging = without_jmeter(STAGING, tmp_path)
        done, summary = rehearse(folder, staging, *WINDOWS, "--rerun", "--parameter", LEAVES_A_CHILD)

    assert "deploy-artifact Staging-1 failed" in statuses(summary)
    assert "deploy-artifact Staging-1 passed" in statuses(summary)
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}


def test_who_reads_the_history_of_releases_is_told_of_in_one_line_and_loses_nobody_a_request(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "r"
    history = folder / "aws/instances/Staging-1/C/srv/app/.history"
    with beside(lambda: _held(history, folder)):
        staging = without_jmeter(STAGING, tmp_path)
        done, summary = rehearse(folder, staging, *WINDOWS, "--rerun")

    said = consoles(folder)
    [error] = [line for line in said.splitlines() if "error: " in line]
    assert "installing 2.0 on Staging-1 failed: " in error
    assert "deploy-artifact Staging-1 failed" in statuses(summary)
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}


def _held(history: Path, folder: Path) -> bool:
    """Hold a file for as long as the first deployment works, as who opens it for himself alone does."""
    if not history.parent.exists():
        return False
    with history.open("a") as file:
        # PowerShell on Linux locks in this way what it opens, and looks for it.
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = threading.Event()
        begun = False
        for _ in range(2400):
            works = bool(tasks_in(folder, "deploy-artifact"))
            if begun and not works:
                break
            begun = begun or works
            waiting.wait(0.05)
    return True
