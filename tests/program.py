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

PROGRAM = Path(sys.executable).with_name("gocd-tasks")
PATIENCE = 120.0

Done = subprocess.CompletedProcess[str]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.zygote"])
# Exit codes are read from a pipe, which the hooks of the stand-in AWS do in its threads.
_reading = threading.RLock()


class Running:
    """A process of the command line, with as much of ``subprocess.Popen`` as tests use."""

    def __init__(self, words: tuple[str, ...], environment: dict[str, str], folder: Path) -> None:
        self.args = ("gocd-tasks", *words)
        self._expired = False
        (out, its_out), (errors, its_errors) = _context.Pipe(duplex=False), _context.Pipe(duplex=False)
        with out, its_out, errors, its_errors, _reading:
            asked = (words, environment, folder, its_out, its_errors)
            self._process = _context.Process(target=_become, args=asked, daemon=True)
            self._process.start()
            self.stdout = os.fdopen(os.dup(out.fileno()))
            self.stderr = os.fdopen(os.dup(errors.fileno()))
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
    """Runs ``gocd-tasks`` in *folder* with this *environment* and nothing of ours."""

    environment: dict[str, str]
    folder: Path = field(default_factory=Path.cwd)

    def __call__(self, *words: str, **variables: str) -> Done:
        running = self.start(*words, **variables)
        out, errors = running.communicate()
        return Done(running.args, running.wait(), out, errors)

    def start(self, *words: str, **variables: str) -> Running:
        return Running(words, {**self.environment, **variables}, self.folder)

    def installed(self, *words: str, **variables: str) -> Done:
        """Run the program that pip has installed, from the very start of Python."""
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
    words: tuple[str, ...], environment: dict[str, str], folder: Path, out: Connection, errors: Connection
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
    main()
