"""Process trees: who descends from whom, and signals to all of them."""

from __future__ import annotations

import contextlib
import os
import signal

import psutil


def descendants(pid: int) -> list[int]:
    """The children of *pid*, their children and so on, by parent links.

    A process whose parent has exited is not found, and neither does an agent find it.
    Source: GoCD's CurrentProcess.java
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        return [each.pid for each in psutil.Process(pid).children(recursive=True)]
    return []


def terminate_tree(pid: int) -> None:
    """Send SIGTERM once to *pid* and to each of its descendants."""
    for each in (pid, *descendants(pid)):
        _send(each, signal.SIGTERM)


def kill_tree(pid: int) -> None:
    """Send SIGKILL to *pid*, its descendants and every orphan left in its session.

    All are stopped first, so that none can start another in the meantime.
    """
    stopped: set[int] = set()
    while fresh := {pid, *descendants(pid), *_session(pid)} - stopped:
        for each in fresh:
            _send(each, signal.SIGSTOP)
        stopped |= fresh
    for each in stopped:
        _send(each, signal.SIGKILL)


def _session(leader: int) -> list[int]:
    members = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader:
                members.append(pid)
    return members


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
