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


# Waits until something is so; false if what runs has ended first.
Waiting = Callable[[Callable[[], bool]], bool]


@contextmanager
def beside(act: Callable[[Waiting], None]) -> Iterator[None]:
    """Have *act* done beside what runs; it is given a way to wait, which ends when that does."""
    ended = threading.Event()

    def until(seen: Callable[[], bool]) -> bool:
        while not ended.wait(0.05):
            if seen():
                return True
        return False

    thread = threading.Thread(target=act, args=(until,))
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
        assert rf"{machine}: | running 2.0 from C:\srv\app\releases\2.0" in consoles(tmp_path / "r")


def test_a_child_that_stays_a_reader_and_a_kill_in_the_middle_lose_no_request(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    hosts = folder / "aws/instances"
    one, two = (hosts / each / "C/srv/app" for each in ("Staging-1", "Staging-2"))
    orders = hosts / "Staging-2/var/lib/amazon/ssm"

    def kill_in_the_middle(until: Waiting) -> None:
        if until(lambda: any((*one.glob("releases/*2.0*"), *one.glob("releases/.incoming*")))):
            for each in tasks_in(folder, "deploy-artifact"):
                os.kill(each, signal.SIGKILL)

    def read_alone(until: Waiting) -> None:
        if until(two.exists):
            with (two / ".history").open("a") as file:
                # PowerShell on a Linux takes a lock for somebody who has opened the file for himself.
                fcntl.flock(file, fcntl.LOCK_EX)
                if until(lambda: any(orders.glob("*/_script.ps1"))):
                    threading.Event().wait(2.5)

    with beside(kill_in_the_middle), beside(read_alone):
        staging = without_jmeter(STAGING, tmp_path)
        done, summary = rehearse(folder, staging, *WINDOWS, "--rerun", "--parameter", LEAVES_A_CHILD)

    assert "deploy-artifact Staging-1 failed" in statuses(summary)
    assert "deploy-artifact Staging-1 passed" in statuses(summary)
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["requests"]["lost"] == 0
    assert set(summary["requests"]["requests_per_version"]) == {"1.0", "2.0"}
    assert (two / ".history").read_text() == "1.0\n2.0\n"
