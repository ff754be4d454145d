import signal
import subprocess

from gocd.rehearsal.standin_gocd.processes import descendants, kill_tree, terminate_tree
from tests.gocd.rehearsal.standin_gocd.living import gone


def tree(script: str) -> "subprocess.Popen[str]":
    """A process that has said ``ready``, in a session of its own."""
    process = subprocess.Popen(
        ["bash", "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_descendants_are_found_by_parent_links_in_any_session() -> None:
    with tree("setsid bash -c 'sleep 60 & echo ready; wait' & wait") as process:
        found = descendants(process.pid)
        kill_tree(process.pid)

    assert len(found) == 2
    assert gone(*found)


def test_terminating_reaches_grandchildren() -> None:
    with tree("bash -c 'sleep 60 & echo ready; wait' & wait") as process:
        found = descendants(process.pid)
        terminate_tree(process.pid)

    assert process.returncode == -signal.SIGTERM
    assert gone(*found)


def test_killing_takes_orphans_of_the_session_too() -> None:
    with tree("(sleep 60 & echo $! >&2; echo ready) 2> >(cat >/dev/null); sleep 60") as process:
        session = subprocess.run(
            ["ps", "-o", "pid=", "--sid", str(process.pid)], capture_output=True, text=True, check=True
        )
        members = [int(pid) for pid in session.stdout.split()]
        kill_tree(process.pid)

    assert len(members) >= 3
    assert gone(*members)
