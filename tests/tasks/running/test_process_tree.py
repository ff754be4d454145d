"""A process is ended with all that it started, on Windows as Windows does it."""

import subprocess
import threading
from pathlib import Path

import psutil
import pytest

from tasks.running.process_tree import Windows
from tests import windows
from tests.gocd.rehearsal.sample.running import eventually

# As a site's script: it starts what does the work as a child, and waits for it.
SCRIPT = 'sleep 60 & echo $! > "$0"; mv "$0" "$1"; wait'


def begun(system: Windows, folder: Path) -> tuple["subprocess.Popen[bytes]", psutil.Process]:
    """Begin the script; return it, and its child."""
    noted = folder / "child"
    process = system.begin(["sh", "-c", SCRIPT, str(folder / "new"), str(noted)], subprocess.DEVNULL)
    while not noted.exists():
        assert process.poll() is None
        threading.Event().wait(0.01)
    return process, psutil.Process(int(noted.read_text()))


def ended(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(0.2)
    except subprocess.TimeoutExpired:
        return False
    return True


def lives(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def test_on_windows_a_process_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    machine = windows.Windows()
    system = Windows(machine.start, machine.call, machine.kill)
    process, child = begun(system, tmp_path)
    with system.guarded(process.pid):
        system.end(process.pid, lambda _: ended(process))

    assert machine.flags == [windows.NEW_GROUP]
    assert process.poll() is not None
    assert eventually(lambda: not lives(child))


def test_on_windows_one_that_has_ended_already_is_left_alone(tmp_path: Path) -> None:
    machine = windows.Windows()
    system = Windows(machine.start, machine.call, machine.kill)
    process, child = begun(system, tmp_path)
    child.kill()
    process.wait()
    system.end(process.pid, lambda _: True)
    system.stop(process.pid)

    assert len(machine.called) == 2


@pytest.mark.parametrize("taskkill", [True, False])
def test_on_windows_one_is_killed_itself_where_the_program_for_trees_is_not(
    tmp_path: Path, taskkill: bool
) -> None:
    machine = windows.Windows(taskkill=taskkill)
    system = Windows(machine.start, machine.call, machine.kill)
    process, child = begun(system, tmp_path)
    system.end(process.pid, lambda _: ended(process))

    assert process.poll() is not None
    if taskkill:
        psutil.wait_procs([child], timeout=10)
    assert lives(child) is not taskkill
    if lives(child):
        child.kill()
