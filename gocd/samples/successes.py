"""When requests succeeded, told in any order, and the longest time between two of them."""

from __future__ import annotations

_BITS = tuple(1 << ms for ms in range(1000))


class Successes:
    """Moments in ms, exact to 1 ms; 1,000 bits a second, however many there are.

    The records of several load generators come in batches, some of them at the end of all, so what is told
    last need not be the latest.

    Args:
        keep: Of how many seconds moments are kept, or None for all. What comes later than that closes no gap
            that was found before, so a gap may look longer then, and never shorter.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._keep = keep
        self._seconds: dict[int, int] = {}
        self._longest = (0, 0)
        # Where what is kept no more ended.
        self._let_go_ms: int | None = None
        self.first_ms: int | None = None
        self.last_ms: int | None = None

    def add(self, at_ms: int) -> None:
        second, ms = divmod(at_ms, 1000)
        seconds = self._seconds
        if second in seconds:
            seconds[second] |= _BITS[ms]
        else:
            seconds[second] = _BITS[ms]
            if self._keep is not None and len(seconds) > 2 * self._keep:
                self._let_go()
        if self.last_ms is None or self.first_ms is None:
            self.first_ms = self.last_ms = at_ms
        elif at_ms > self.last_ms:
            self.last_ms = at_ms
        elif at_ms < self.first_ms:
            self.first_ms = at_ms

    def longest_gap(self) -> tuple[int, int]:
        """Return the longest time between two successes in a row, and when it began; both in ms."""
        return self._through(sorted(self._seconds))[0]

    def _let_go(self) -> None:
        seconds = sorted(self._seconds)
        self._longest, self._let_go_ms = self._through(seconds[: self._keep])
        for second in seconds[: self._keep]:
            del self._seconds[second]

    def _through(self, seconds: list[int]) -> tuple[tuple[int, int], int | None]:
        """Return the longest gap up to the last of *seconds*, and the last moment in it."""
        longest, before = self._longest, self._let_go_ms
        for second in seconds:
            bits = self._seconds[second]
            start = second * 1000
            first = start + (bits & -bits).bit_length() - 1
            if before is not None and first - before > longest[0]:
                longest = (first - before, before)
            if longest[0] < 999:
                longest = max(longest, _within(bits, start), key=lambda gap: gap[0])
            last = start + bits.bit_length() - 1
            before = last if before is None else max(before, last)
        return longest, before


def _within(bits: int, start_ms: int) -> tuple[int, int]:
    """Return the longest gap between two moments of one second, and when it began."""
    if bits & (bits - 1) == 0:
        return 0, start_ms
    moments = f"{bits:b}"[::-1]
    silence = max(moments.lstrip("0").split("1"), key=len)
    return len(silence) + 1, start_ms + moments.index(f"1{silence}1")
