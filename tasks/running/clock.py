"""Time, from outside, so that tests need not wait for it."""

import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds on a clock that never goes back."""

    def sleep(self, seconds: float) -> None: ...

    def wall(self) -> datetime:
        """The time of day, in UTC."""


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def wall(self) -> datetime:
        return datetime.now(timezone.utc)
