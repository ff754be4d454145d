"""The console of a job: a log file as GoCD keeps it, and each plain line to whoever listens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import TracebackType

_LONGEST = 1_000_000


class Tag(Enum):
    """What a line is, as GoCD marks it in the log.

    Source: GoCD's TaggedStreamConsumer.java
    """

    NOTICE = "##"
    PREPARE = "pr"
    TASK_START = "!!"
    OUT = "&1"
    ERR = "&2"
    TASK_PASSED = "?0"
    TASK_FAILED = "?1"
    TASK_CANCELLED = "^C"
    CANCEL_START = "!x"
    CANCEL_PASSED = "x0"
    CANCEL_FAILED = "x1"
    JOB_PASSED = "j0"
    JOB_FAILED = "j1"
    PUBLISH = "ar"
    COMPLETED = "ex"


class JobConsole:
    """Takes lines from several threads until it is closed, and ignores them after that, as GoCD does."""

    def __init__(self, log: Path, listener: Callable[[str], None]) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        # A job whose agent was lost starts again under the same name, in the same log.
        self._log = log.open("a", encoding="utf-8")
        self._listener = listener
        self._lock = threading.Lock()

    def __enter__(self) -> JobConsole:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._log.close()

    def go(self, text: str, tag: Tag = Tag.NOTICE) -> None:
        """A message of GoCD's own."""
        for line in text.splitlines() or [""]:
            self.line(f"[go] {line}", tag)

    def line(self, text: str, tag: Tag) -> None:
        text = text[:_LONGEST]
        with self._lock:
            if self._log.closed:
                return
            now = datetime.now().astimezone()
            self._log.write(f"{tag.value}|{now:%H:%M:%S}.{now.microsecond // 1000:03} {text}\n")
            self._log.flush()
            self._listener(text)
