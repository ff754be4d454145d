"""Process trees: who descends from whom, and signals to all of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

_PROC = Path("/proc")


def descendants(pid: int) -> list[int]:
    """The children of *pid*, their children and so on, by parent links.

    A process whose parent has exited is not found, and neither does an agent find it.
    Source: GoCD's CurrentProcess.java
    """
    children: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.extend(below)
        waiting.extend(below)
    return found


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
    for pid in _parents():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader:
                members.append(pid)
    return members


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _parents() -> dict[int, int]:
    """The parent of every process on this machine."""
    if not (_PROC / "self" / "stat").exists():
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        return {int(pid): int(parent) for pid, parent in map(str.split, listing.stdout.splitlines())}
    parents = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in parentheses may itself hold spaces and parentheses.
                after_name = (entry / "stat").read_text(errors="replace").rpartition(")")[2]
                parents[int(entry.name)] = int(after_name.split()[1])
    return parents
