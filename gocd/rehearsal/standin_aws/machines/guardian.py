"""Ends every process the stand-in AWS started, even when the stand-in itself was killed.

Run as a program it waits for its standard input to close, which the kernel does when the stand-in dies; a
word read before that says that the stand-in has ended them itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MARK = "GOCD_STANDIN_AWS"


def marked(prefix: str) -> list[int]:
    """List the living processes whose mark begins with *prefix*, however they were started or reparented."""
    wanted = f"\0{MARK}={prefix}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = b"\0" + (entry / "environ").read_bytes()
        except OSError:
            continue
        if wanted in environment:
            found.append(int(entry.name))
    return found


def end(prefix: str, *, patience: float = 5.0) -> None:
    """Kill the marked processes and return when none is left; gives up after *patience* seconds."""
    deadline = time.monotonic() + patience
    while living := marked(prefix):
        for pid in living:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)


def watch_over(prefix: str) -> subprocess.Popen[bytes]:
    """Start the guardian; it acts when the returned process's ``stdin`` closes without a word."""
    # A session of its own: Ctrl-C must not reach it before it has done its work.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, prefix],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


if __name__ == "__main__":
    if not sys.stdin.buffer.read():
        # A process caught between fork and exec does not carry the mark yet: look again a little later.
        for _ in range(3):
            end(sys.argv[1])
            time.sleep(0.2)
