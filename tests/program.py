"""The real command line as a process of its own: real pid, real signals, real environment.

A thousand of them are started in a run of all tests, so each is forked off one process that has imported all
there is to import (``tests/zygote.py``). ``CommandLine.installed`` starts the installed program instead.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from weakref import finalize

from tasks.running.clock import SystemClock

PROGRAM = Path(sys.executable).with_name("gocd-tasks")
PATIENCE = 120.0

# Beginnings of the variables that Python itself reads, at its start only.
READ_AT_THE_START = ("PYTHON", "LC_", "LANG")

# How much sooner than asked a command under test wakes.
SPEED = 10.0

Done = subprocess.CompletedProcess[str]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.zygote"])
# Exit codes are read from a pipe, which the hooks of the stand-in AWS do in its threads.
_reading = threading.RLock()


class ShortSleeps(SystemClock):
    """A clock on which sleeps count in full and take a fraction; whatever else takes time counts as it is.

    A command waits as many times before its deadline as it always does, and a busy machine has as much time
    as ever for the work between.
    """

    def __init__(self, speed: float = SPEED) -> None:
        self._speed = speed
        self._ahead = 0.0

    def now(self) -> float:
        return super().now() + self._ahead

    def sleep(self, seconds: float) -> None:
        end = self.now() + seconds
        super().sleep(seconds / self._speed)
        # Threads that sleep at the same time do so together, and not one after the other.
        self._ahead = max(self._ahead, end - super().now())


class Running:
    """A process of the command line, with as much of ``subprocess.Popen`` as tests use."""

    def __init__(
        self, words: tuple[str, ...], environment: dict[str, str], folder: Path, speed: float
    ) -> None:
        self.args = ("gocd-tasks", *words)
        self._expired = False
        (out, its_out), (errors, its_errors) = _context.Pipe(duplex=False), _context.Pipe(duplex=False)
        with out, its_out, errors, its_errors, _reading:
            asked = (words, environment, folder, speed, its_out, its_errors)
            self._process = _context.Process(target=_become, args=asked, daemon=True)
            self._process.start()
            self.stdout = os.fdopen(os.dup(out.fileno()))
            self.stderr = os.fdopen(os.dup(errors.fileno()))
        # For tests that read one line, or none.
        for stream in (self.stdout, self.stderr):
            finalize(self, stream.close)
        assert self._process.pid
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        with _reading:
            return self._process.exitcode

    def wait(self, timeout: float = PATIENCE) -> int:
        wait([self._process.sentinel], timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def communicate(self, timeout: float = PATIENCE) -> tuple[str, str]:
        """Read all that it says to its end; one that takes longer than *timeout* seconds is killed."""
        late = threading.Timer(timeout, self._expire)
        late.start()
        with self.stdout, self.stderr:
            out, errors = self.stdout.read(), self.stderr.read()
        self.wait(timeout)
        late.cancel()
        if self._expired:
            raise subprocess.TimeoutExpired(self.args, timeout, out, errors)
        return out, errors

    def send_signal(self, number: signal.Signals) -> None:
        # One that has ended is left alone, as its id may be another's.
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _expire(self) -> None:
        self._expired = True
        self.kill()


@dataclass(frozen=True)
class CommandLine:
    """Runs ``gocd-tasks`` in *folder* with this *environment* and nothing of ours.

    Args:
        speed: How many times sooner than it asks it wakes from its sleeps.
    """

    environment: dict[str, str]
    folder: Path = field(default_factory=Path.cwd)
    speed: float = SPEED

    def __call__(self, *words: str, **variables: str) -> Done:
        if any(name.startswith(READ_AT_THE_START) for name in variables):
            return self.installed(*words, **variables)
        running = self.start(*words, **variables)
        out, errors = running.communicate()
        return Done(running.args, running.wait(), out, errors)

    def start(self, *words: str, **variables: str) -> Running:
        """Begin, and return while it runs."""
        return Running(words, {**self.environment, **variables}, self.folder, self.speed)

    def installed(self, *words: str, **variables: str) -> Done:
        """Run the program that pip has installed: from the very start of Python, and by the true time."""
        return subprocess.run(
            [PROGRAM, *words],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )


def _become(
    words: tuple[str, ...],
    environment: dict[str, str],
    folder: Path,
    speed: float,
    out: Connection,
    errors: Connection,
) -> None:
    """Be the command line from here on; ends the process."""
    from tasks.cli import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, connection in ((1, out), (2, errors)):
        os.dup2(connection.fileno(), number)
        connection.close()
    # Those of the server remember where they led: as Python does at its start, these ask.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.argv = ["gocd-tasks", *words]
    main(ShortSleeps(speed))
