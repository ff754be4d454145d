"""One run of JMeter: started, listened to, and ended with us in every case."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence

from tasks.running.errors import TaskError

# Ends a process group once its own input closes, which the kernel sees to however we die.
_GUARDIAN = 'read -r _; kill -s TERM -- "-$1"; sleep 5; kill -s KILL -- "-$1"'
# What JMeter may take to close its record.
_PATIENCE = 10.0


def run_jmeter(words: Sequence[str], say: Callable[[str], None], idle: Callable[[], None]) -> int:
    """Run JMeter until it ends, and return its exit code, 128 + n after signal n.

    Whatever ends the wait for it ends JMeter too, and so does our own death. JMeter closes its record when
    it is told to end.

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
    with process, _guarded(process):
        try:
            for line in _lines(process, idle):
                say(line)
            code = process.wait()
        except BaseException:
            _end(process)
            raise
    return code if code >= 0 else 128 - code


def _lines(process: subprocess.Popen[bytes], idle: Callable[[], None]) -> Iterator[str]:
    """Yield whole lines until the process has closed its output."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    unfinished = b""
    while True:
        ready, _, _ = select.select([pipe], [], [], 1.0)
        if not ready:
            idle()
            continue
        data = os.read(pipe, 1 << 16)
        *whole, unfinished = (unfinished + data).split(b"\n")
        if not data and unfinished:
            whole = [unfinished]
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip()
        if not data:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_PATIENCE)
            return


@contextlib.contextmanager
def _guarded(process: subprocess.Popen[bytes]) -> Iterator[None]:
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
