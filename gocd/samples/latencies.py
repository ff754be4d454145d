"""Latencies counted by size, so that a million of them take no more memory than a thousand."""

from __future__ import annotations

import math


class Latencies:
    """Whole ms, exact below 1,000 ms; above, rounded to three digits, which is at most 0.5 % off.

    Attributes:
        total: How many there are.
        longest: The longest of all, exact; None if there are none, or means only were told of some.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.total = 0
        self._longest = 0
        self._each_known = True

    def add(self, ms: int) -> None:
        self._longest = max(self._longest, ms)
        if ms >= 1000:
            ms = round(ms, 3 - len(str(ms)))
        self._counts[ms] = self._counts.get(ms, 0) + 1
        self.total += 1

    def add_unknown(self, number: int) -> None:
        """Count *number* latencies of which nobody knows more than their mean."""
        self.total += number
        self._each_known = False

    @property
    def longest(self) -> int | None:
        return self._longest if self.total and self._each_known else None

    def percentile(self, percent: float) -> int | None:
        """Return the smallest latency (ms) that *percent* of all are not above; None if that is not known."""
        if not self._each_known:
            return None
        rank = math.ceil(self.total * percent / 100)
        seen = 0
        for ms in sorted(self._counts):
            seen += self._counts[ms]
            if seen >= rank:
                return ms
        return None
