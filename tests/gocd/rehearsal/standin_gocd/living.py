"""Whether processes are still alive; one that only waits to be reaped is not."""

from __future__ import annotations

import os
import subprocess
import threading
import time


def gone(*pids: int) -> bool:
    """Whether all of *pids* end within thirty seconds."""
    end = time.monotonic() + 30
    while any(_is_alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.02)
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return not state.stdout.strip().startswith("Z")
