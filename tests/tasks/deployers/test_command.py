"""A site's own command that is stopped is stopped as its system does it."""

import re
from pathlib import Path

import psutil
import pytest

from tasks.deployers.command import CommandDeployer
from tasks.deployers.release import Release
from tasks.running.clock import SystemClock
from tasks.running.errors import TimedOut
from tasks.running.process_tree import Windows
from tasks.running.waiting import Wait
from tests import windows
from tests.fakes import Stage, instance


def test_on_windows_what_the_command_started_is_killed_with_it(tmp_path: Path) -> None:
    """There it may be a script, which a program of the system runs for it."""
    machine, noted = windows.Windows(), tmp_path / "child"
    words = ["sh", "-c", 'sleep 60 & echo $! > "$0"; wait', str(noted)]
    deployer = CommandDeployer(words, 1.0, Windows(machine.start, machine.call, machine.kill))
    release = Release("app", "2.0", "s3://releases/app.zip")
    with pytest.raises(TimedOut, match=re.escape("sh ran longer than 1 s and was stopped")):
        deployer.deploy(release, instance(1), Wait(SystemClock(), Stage().log))

    child = int(noted.read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
