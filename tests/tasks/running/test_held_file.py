"""Whoever holds a file is known to live, and to be the one who wrote it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.running.held_file import hold, is_held

HOLD = """
import pathlib, sys
from tasks.running.held_file import hold
file = hold(pathlib.Path(sys.argv[1]))
print("held", flush=True)
input()
"""


@pytest.fixture
def held(tmp_path: Path) -> Path:
    return tmp_path / "held"


def test_a_file_is_held_until_it_is_closed(held: Path) -> None:
    assert not is_held(held)
    with hold(held):
        assert is_held(held)
    assert not is_held(held)


def test_one_alone_can_hold_a_file(held: Path) -> None:
    with hold(held), pytest.raises(OSError, match="unavailable"):
        hold(held)


def test_a_file_is_held_no_more_once_its_holder_was_killed(held: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(held)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout
        holder.stdout.readline()
        assert is_held(held)
        os.kill(holder.pid, signal.SIGKILL)
    assert not is_held(held)


def test_what_is_no_file_is_held_by_nobody_that_could_be_told(held: Path) -> None:
    os.mkfifo(held)
    assert is_held(held)
    with pytest.raises(OSError, match="named pipe"):
        hold(held)
