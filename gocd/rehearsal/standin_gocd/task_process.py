"""One process of a task, started and listened to as an agent does it."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import subprocess
import termios
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from gocd.errors import GoCDError
from gocd.pipeline import Exec
from gocd.rehearsal.standin_gocd.processes import kill_tree, terminate_tree


class TaskProcess:
    """Over only when the process has exited and both its pipes are closed, by whoever holds them.

    What is written to them after it has exited, by children that it left behind, is lost.

    Source: GoCD's ProcessManager.java, ProcessWrapper.java and StreamPumper.java, and Java's
        ProcessImpl.java, which takes what is in the pipes at the exit and looks into them no more
    """

    def __init__(
        self,
        task: Exec,
        job_folder: Path,
        environment: Mapping[str, str],
        search_path: str,
        output: Callable[[str, str], None],
    ) -> None:
        """Start *task*; *output* gets each of its lines, after ``stdout`` or ``stderr``, from other threads.

        Args:
            search_path: The agent's own PATH; one among the job's variables does not count.

        Raises:
            GoCDError: Its folder is missing, or it cannot be started.
        """
        self._process = _started(task, job_folder, environment, search_path)
        self._output = output
        self._last: dict[str, str] = {}
        self._left: dict[int, int] = {}
        self._reading = threading.Lock()
        pipes = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        self._pipes = {stream: pipe for stream, pipe in pipes.items() if pipe}
        self._pumps = [
            threading.Thread(target=self._pump, args=pipe, daemon=True) for pipe in self._pipes.items()
        ]
        for pump in self._pumps:
            pump.start()
        threading.Thread(target=self._watch_exit, daemon=True).start()

    def when_over(self, act: Callable[[], None]) -> None:
        """Call *act* from another thread once the process is over."""

        def watch() -> None:
            self.wait()
            act()

        threading.Thread(target=watch, daemon=True).start()

    def wait(self) -> int:
        """The exit code, 128 + n after signal n, once the process is over."""
        for pump in self._pumps:
            pump.join()
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def last_line(self, *, failed: bool) -> str:
        """The last line with anything in it, of stderr first if the process *failed*."""
        streams = ("stderr", "stdout") if failed else ("stdout", "stderr")
        return next((self._last[stream] for stream in streams if stream in self._last), "")

    def terminate(self) -> None:
        """Send SIGTERM once to the process and all its descendants."""
        terminate_tree(self._process.pid)

    def kill(self) -> None:
        """Send SIGKILL to the process, its descendants and what they left behind."""
        kill_tree(self._process.pid)

    def _watch_exit(self) -> None:
        self._process.wait()
        with self._reading:
            for pipe in self._pipes.values():
                # Closed, it was read to its end.
                with suppress(ValueError, OSError):
                    self._left[pipe.fileno()] = _waiting_in(pipe)

    def _pump(self, stream: str, pipe: IO[bytes]) -> None:
        with pipe:
            for raw in _lines(self._pieces(pipe)):
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                if line.strip():
                    self._last[stream] = line.strip()
                self._output(stream, line)

    def _pieces(self, pipe: IO[bytes]) -> Iterator[bytes]:
        number = pipe.fileno()
        readable = select.poll()
        readable.register(number, select.POLLIN)
        while True:
            readable.poll()
            # Under the lock, so that none is on its way while what is left is counted.
            with self._reading:
                piece = os.read(number, 65_536)
                left = self._left.get(number, len(piece))
                if number in self._left:
                    self._left[number] -= len(piece[:left])
            if not piece:
                return
            yield piece[:left]


def _started(
    task: Exec, job_folder: Path, environment: Mapping[str, str], search_path: str
) -> subprocess.Popen[bytes]:
    folder = job_folder / task.working_directory
    if not folder.is_dir():
        raise GoCDError(f'Working directory "{folder}" is not a directory!')
    # A path with a slash is relative to the task's folder, a bare name is looked up.
    program = task.command if "/" in task.command else shutil.which(task.command, path=search_path)
    if program is None:
        raise GoCDError(f"Cannot run program '{task.command}': it is not on the agent's own PATH")
    try:
        return subprocess.Popen(
            task.command_line,
            executable=program,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # An agent has no terminal: Ctrl-C must reach its tasks as a cancel and in no other way.
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise GoCDError(f"Cannot run program '{task.command}' in {folder}: {error}") from error


def _waiting_in(pipe: IO[bytes]) -> int:
    """How many bytes are in *pipe* and have not been read."""
    count = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    begun = bytearray()
    for piece in pieces:
        begun += piece
        if b"\n" in piece:
            *whole, begun = begun.split(b"\n")
            yield from map(bytes, whole)
    if begun:
        yield bytes(begun)
