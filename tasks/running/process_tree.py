"""Processes with all that they start: begun so that they can be ended together, as each system does it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import IO, Protocol

# Seconds from one way of ending to the next, harder one.
PATIENCE = 10.0
# Ends a process group once its own input closes, which the kernel sees to however we die.
_GUARDIAN = 'read -r _; kill -s TERM -- "-$1"; sleep 5; kill -s KILL -- "-$1"'
# Only Windows' own Python has its name.
# Source: https://learn.microsoft.com/windows/win32/procthread/process-creation-flags
_CREATE_NEW_PROCESS_GROUP = 0x0000_0200

Process = subprocess.Popen[bytes]
TimeoutExpired = subprocess.TimeoutExpired
# Waits for up to so many seconds, and tells whether all of the tree has ended.
Ended = Callable[[float], bool]


class System(Protocol):
    """What begins processes, and ends each with all that it started."""

    def begin(self, words: Sequence[str], output: int | IO[bytes]) -> Process:
        """Begin one in a group of its own, without input.

        Raises:
            OSError: It cannot be started.
        """

    def end(self, process: int, ended: Ended) -> None:
        """End what ``begin`` began as *process*, by whatever process of ours; it may have ended already."""

    def stop(self, process: int) -> None:
        """Stop one of our own group, which takes the time for that that it needs."""

    def guarded(self, process: int) -> AbstractContextManager[None]:
        """End it as well if we are killed before the block's end."""


class Windows:
    """Nothing can be told there to end, and no group has an end of its own: a tree of processes is killed.

    Args:
        start: As ``subprocess.Popen``.
        call: Runs a program to its end, and raises OSError if there is none.
        kill: As ``os.kill``, which there ends one process for good, whatever the signal.
    """

    def __init__(
        self,
        start: Callable[..., Process] = subprocess.Popen,
        call: Callable[[Sequence[str]], object] = lambda words: subprocess.run(
            words, capture_output=True, check=False
        ),
        kill: Callable[[int, int], None] = os.kill,
    ) -> None:
        self._start = start
        self._call = call
        self._kill = kill

    def begin(self, words: Sequence[str], output: int | IO[bytes]) -> Process:
        # Or the Ctrl-C that is meant for us ends it without our doing.
        return self._start(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            creationflags=_CREATE_NEW_PROCESS_GROUP,
        )

    def end(self, process: int, ended: Ended) -> None:
        self.stop(process)
        if not ended(PATIENCE):
            with suppress(OSError):
                self._kill(process, signal.SIGTERM)
            ended(PATIENCE)

    def stop(self, process: int) -> None:
        """Kill the tree by the system's own program for it.

        Source: https://learn.microsoft.com/windows-server/administration/windows-commands/taskkill
        """
        with suppress(OSError):
            self._call(("taskkill", "/T", "/F", "/PID", str(process)))

    def guarded(self, process: int) -> AbstractContextManager[None]:
        # GoCD's agent there kills each process that descends from it.
        return nullcontext()


if sys.platform == "win32":

    def this_system() -> System:
        return Windows()

else:

    class Unix:
        """A process group is told to end, and killed if it does not."""

        def begin(self, words: Sequence[str], output: int | IO[bytes]) -> Process:
            # A site's script may start what does the work as a child that no signal to the script reaches.
            return subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def end(self, process: int, ended: Ended) -> None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    os.killpg(process, number)
                if ended(PATIENCE):
                    break

        def stop(self, process: int) -> None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)

        @contextmanager
        def guarded(self, process: int) -> Iterator[None]:
            with subprocess.Popen(
                ["/bin/sh", "-c", _GUARDIAN, "sh", str(process)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            ) as guardian:
                try:
                    yield
                finally:
                    guardian.kill()

    def this_system() -> System:
        """Return what this machine is."""
        return Unix()
