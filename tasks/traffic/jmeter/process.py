"""One run of JMeter: started, listened to, and ended with us in every case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from subprocess import PIPE, TimeoutExpired
from threading import Event, Thread
from typing import IO

from tasks.running.errors import TaskError
from tasks.running.process_tree import PATIENCE, Process, System, this_system
from tasks.running.undisturbed import undisturbed


def run_jmeter(
    words: Sequence[str], say: Callable[[str], None], idle: Callable[[], None], system: System | None = None
) -> int:
    """Run JMeter until it ends, and return its exit code, 128 + n after signal n.

    Whatever ends the wait for it ends JMeter too, and so does our own death. JMeter closes its record when
    it is told to end; on Windows, where nothing can be told to, it is killed.

    Args:
        say: Gets each of its lines as it comes.
        idle: Called about once a second.
        system: What starts and ends it; by default this machine's own.

    Raises:
        TaskError: It cannot be started.
    """
    system = system or this_system()
    lines: SimpleQueue[bytes] = SimpleQueue()
    closed = Event()
    with undisturbed() as heed, _begun(system, words) as process:
        try:
            heed()
            # In a thread of its own, as Windows cannot wait for a pipe and keep an eye on the time.
            Thread(target=_read, args=(process.stdout, lines, closed), daemon=True).start()
            for line in _lines(lines, idle):
                say(line)
            code = process.wait()
        except BaseException:
            # Until its last child has closed the record as well.
            system.end(process.pid, closed.wait)
            with suppress(TimeoutExpired):
                process.wait(PATIENCE)
            raise
    return code if code >= 0 else 128 - code


@contextmanager
def _begun(system: System, words: Sequence[str]) -> Iterator[Process]:
    try:
        process = system.begin(words, PIPE)
    except OSError as problem:
        raise TaskError(f"{words[0]} cannot be started ({problem.strerror})") from None
    with system.guarded(process.pid):
        yield process


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
