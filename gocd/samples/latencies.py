"""Latencies counted by size, so that a million of them take no more memory than a thousand."""

from __future__ import annotations

import math


class Latencies:
    """Whole ms, exact below 1,000 ms; above, rounded to three digits, which is at most 0.5 % off.

    Attributes:
        longest: The longest of all, exact; 0 if there are none.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.total = 0
        self.longest = 0

    def add(self, ms: int) -> None:
        self.longest = max(self.longest, ms)
        if ms >= 1000:
            ms = round(ms, 3 - len(str(ms)))
        self._counts[ms] = self._counts.get(ms, 0) + 1
        self.total += 1

    def percentile(self, percent: float) -> int | None:
        """Return the smallest latency (ms) that *percent* of all are not above; None if there are none."""
        rank = math.ceil(self.total * percent / 100)
        seen = 0
        for ms in sorted(self._counts):
            seen += self._counts[ms]
            if seen >= rank:
                return ms
        return None
