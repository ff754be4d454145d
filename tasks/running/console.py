"""Whole lines for GoCD's log, and a live line where a person watches a terminal."""

import errno
import io
import os
import sys
import threading
from collections.abc import Collection
from enum import Enum
from typing import Any, TextIO

from gocd.shown import shown, shown_lines

BOLD, RED, PLAIN = "\x1b[1m", "\x1b[1;31m", "\x1b[0m"


class Color(str, Enum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def set_up_streams() -> None:
    """Have this process show everything that it says, whatever its console can show.

    What the console's encoding lacks is written as in Python's own strings, and so are bytes of a file's
    name that are no character at all. What was closed from the start leads nowhere, and not to a file that
    is opened later.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if sys.platform == "win32":
        # Older consoles have to be told that colours may come; Typer brings what does it.
        from colorama import just_fix_windows_console  # noqa: PLC0415

        just_fix_windows_console()


class Console:
    """Writes flushed lines; a reader that went away never stops a task half-way.

    Whatever text it is given becomes one line that can be read, as names and messages of others are in it.

    Args:
        color: ``auto`` colours only where the output is a terminal and NO_COLOR is unset.
        secrets: What is masked wherever it stands.
        data_alone: Whether *out* is for data, and lines for people go to *err*.

    Attributes:
        lost: Why some of its lines are lost, other than for want of a reader; empty if none is.
    """

    def __init__(
        self,
        out: TextIO | None = None,
        err: TextIO | None = None,
        color: Color = Color.AUTO,
        secrets: Collection[str] = (),
        *,
        data_alone: bool = False,
    ) -> None:
        self._data = out or sys.stdout
        self._err = err or sys.stderr
        self._out = self._err if data_alone else self._data
        watched = self._out.isatty() and color is not Color.NEVER and os.environ.get("TERM") != "dumb"
        self.live = watched and not data_alone
        self._colored = color is Color.ALWAYS or (self.live and "NO_COLOR" not in os.environ)
        self.lost = ""
        self._secrets = secrets
        self._status: Any = None
        # A rehearsal tells from several threads.
        self._turn = threading.RLock()

    def line(self, text: str) -> None:
        text = shown(text, self._secrets)
        subject, colon, rest = text.partition(": ")
        if self._colored and colon and " " not in subject:
            text = f"{BOLD}{subject}{PLAIN}{colon}{rest}"
        with self._turn:
            self.settle()
            self._write(self._out, text)

    def data(self, text: str) -> None:
        """Write one line for programs, as it is but for what is secret."""
        with self._turn:
            self._write(self._data, shown(text, self._secrets))

    def error(self, text: str) -> None:
        text = shown(text, self._secrets)
        self.settle()
        self._write(self._err, f"{RED}error:{PLAIN} {text}" if self._colored else f"error: {text}")

    def trace(self, text: str) -> None:
        """Write many lines that led to an error."""
        self.settle()
        self._write(self._err, shown_lines(text, self._secrets))

    def moving(self, *lines: str) -> None:
        """Replace the live line, or lines; only for terminals."""
        with self._turn:
            self._move("\n".join(shown(line, self._secrets) for line in lines))

    def _move(self, text: str) -> None:
        # Rich counts the columns that a line takes, so it is given what will be shown.
        encoding = self._out.encoding or "ascii"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        if self._status is None:
            # Rich costs 40 ms to import, and only a terminal has use for it.
            from rich.console import Console as RichConsole  # noqa: PLC0415
            from rich.text import Text  # noqa: PLC0415

            self._text = Text
            spinner = "dots" if encoding.lower().startswith("utf") else "line"
            self._status = RichConsole(file=self._out, highlight=False).status(Text(text), spinner=spinner)
            self._status.start()
        else:
            self._status.update(self._text(text))

    def settle(self) -> None:
        """Take the live line away, so that whole lines can follow."""
        with self._turn:
            if self._status is not None:
                self._status.stop()
                self._status = None

    def _write(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text + "\n")
            stream.flush()
        except OSError as problem:
            if stream in (self._out, self._data) and problem.errno not in (errno.EPIPE, errno.EINVAL):
                self.lost = problem.strerror or type(problem).__name__
            # Whoever read the output has gone, for which Windows has no error of its own, or the disk is
            # full: what was begun in AWS must still be finished.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
