"""The console of a job: a log file as GoCD keeps it, and each plain line to whoever listens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType

_LONGEST = 1_000_000


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

    def go(self, text: str) -> None:
        """A message of GoCD's own."""
        for line in text.splitlines() or [""]:
            self.line(f"[go] {line}")

    def line(self, text: str) -> None:
        text = text[:_LONGEST]
        with self._lock:
            if self._log.closed:
                return
            now = datetime.now().astimezone()
            self._log.write(f"{now:%H:%M:%S}.{now.microsecond // 1000:03} {text}\n")
            self._log.flush()
            self._listener(text)
