"""Whether processes are still alive; one that only waits to be reaped is not."""

from __future__ import annotations

import contextlib
import threading
import time

import psutil


def gone(*pids: int) -> bool:
    """Whether all of *pids* end within thirty seconds."""
    end = time.monotonic() + 30
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.02)
    return True


def is_alive(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
