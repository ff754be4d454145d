"""Stretches of time: joined, and measured against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# From and to, in seconds since 1970.
Interval = tuple[float, float]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same time as stretches in order that do not touch."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def shared(stretches: Sequence[Interval], start: float, end: float) -> float:
    """Return how many seconds from *start* to *end* lie in *stretches*, which do not touch."""
    return sum(max(0.0, min(last, end) - max(first, start)) for first, last in stretches)


def length(stretches: Iterable[Interval]) -> float:
    """Return the seconds in stretches that do not touch."""
    return sum(end - start for start, end in stretches)
