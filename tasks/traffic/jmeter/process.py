"""One run of JMeter: started, listened to, and ended with us in every case."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import IO

from tasks.running.errors import TaskError

# Ends a process group once its own input closes, which the kernel sees to however we die.
_GUARDIAN = 'read -r _; kill -s TERM -- "-$1"; sleep 5; kill -s KILL -- "-$1"'
# What JMeter may take to close its record.
_PATIENCE = 10.0


def run_jmeter(words: Sequence[str], say: Callable[[str], None], idle: Callable[[], None]) -> int:
    """Run JMeter until it ends, and return its exit code, 128 + n after signal n.

    Whatever ends the wait for it ends JMeter too, and so does our own death. JMeter closes its record when
    it is told to end; on Windows, where nothing can be told to, it is killed.

    Args:
        say: Gets each of its lines as it comes.
        idle: Called about once a second.

    Raises:
        TaskError: It cannot be started.
    """
    try:
        # A group of its own: a site's script may start Java as a child that no signal to the script reaches.
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as problem:
        raise TaskError(f"{words[0]} cannot be started ({problem.strerror})") from None
    lines: SimpleQueue[bytes] = SimpleQueue()
    closed = Event()
    with _guarded(process):
        try:
            # In a thread of its own, as Windows cannot wait for a pipe and keep an eye on the time.
            Thread(target=_read, args=(process.stdout, lines, closed), daemon=True).start()
            for line in _lines(lines, idle):
                say(line)
            code = process.wait()
        except BaseException:
            _end(process, closed)
            raise
    return code if code >= 0 else 128 - code


def _read(pipe: IO[bytes], lines: SimpleQueue[bytes], closed: Event) -> None:
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put(b"")
    closed.set()


def _lines(lines: SimpleQueue[bytes], idle: Callable[[], None]) -> Iterator[str]:
    """Yield whole lines until the process has closed its output."""
    while True:
        try:
            line = lines.get(timeout=1.0)
        except Empty:
            idle()
            continue
        if not line:
            return
        yield line.decode("utf-8", "backslashreplace").rstrip()


def _end(process: subprocess.Popen[bytes], closed: Event) -> None:
    if sys.platform == "win32":
        # With the processes that it started, which would otherwise go on.
        killer = ["taskkill", "/t", "/f", "/pid", str(process.pid)]
        subprocess.run(killer, capture_output=True, check=False)
    else:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            # Until its last child has closed the record as well.
            if closed.wait(_PATIENCE):
                break
    process.wait()


@contextlib.contextmanager
def _guarded(process: subprocess.Popen[bytes]) -> Iterator[None]:
    if sys.platform == "win32":
        # GoCD's agent there kills each process that descends from it, JMeter among them.
        yield
        return
    with subprocess.Popen(
        ["/bin/sh", "-c", _GUARDIAN, "sh", str(process.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as guardian:
        try:
            yield
        finally:
            guardian.kill()
