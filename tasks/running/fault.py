"""What nobody foresaw, in words: whose fault it is, what it was, and where."""

import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from types import FrameType

from tasks.running.plugins import adders
from tasks.running.quoting import one_line

ROOT = Path(__file__).parents[2]
OURS = {"tasks", "gocd"}

# Whether a person wants to see where an error came from.
DEBUG: ContextVar[bool] = ContextVar("debug", default=False)

# Calls told of each traceback: enough for any of ours, and of a recursion without end not all.
CALLS = 60


def what_failed(error: BaseException) -> str:
    """Return what *error* was, in one sentence without a full stop."""
    words = one_line(f"{type(error).__name__}: {error}").rstrip(": .")
    added = adders()
    for frame, line in _inmost_first(error):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in OURS:
            return f"{_ours(error, words)} ({_place(frame, line)})"
        if package in added:
            return f"{added[package]}, failed: {words} ({_place(frame, line)})"
    return _ours(error, words)


def _ours(error: BaseException, words: str) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, OSError) and error.strerror:
        return one_line(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    return f"this is a fault in gocd-tasks itself, {words}"


def _inmost_first(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    steps = []
    step = error.__traceback__
    while step:
        steps.append((step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return reversed(steps)


def _place(frame: FrameType, line: int) -> str:
    file = Path(frame.f_code.co_filename)
    return f"{file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}, line {line}"


def traceback_of(error: BaseException) -> str:
    """Return Python's own account of *error* and what led to it, some calls of a recursion left out."""
    told = "".join(traceback.format_exception(error, limit=-CALLS))
    return "\n".join(one_line(line) for line in told.splitlines() if line.strip())
