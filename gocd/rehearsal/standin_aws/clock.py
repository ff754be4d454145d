"""The time of a stand-in AWS, which all of its waits are counted in."""

from __future__ import annotations

import time


class Clock:
    """Seconds since some moment, *speed* of them in a real one; what is skipped has passed at once.

    Attributes:
        skipped: Seconds skipped in all.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._skipped = 0.0
        self.skipped = 0.0

    @property
    def speed(self) -> float:
        return self._speed

    def __call__(self) -> float:
        return time.monotonic() * self._speed + self._skipped

    def run(self, speed: float) -> None:
        """Go on at another *speed*."""
        self._skipped += time.monotonic() * (self._speed - speed)
        self._speed = speed

    def forget_skipped(self) -> None:
        """Be as far from the time of others as at the start."""
        self.skipped = 0.0

    def skip(self, seconds: float) -> None:
        """Let time pass without waiting for it."""
        self._skipped += seconds
        self.skipped += seconds
