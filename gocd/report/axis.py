"""The time axis that everything in the picture shares; long idle times are folded away."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from gocd.report.intervals import Interval, length, union
from gocd.report.wording import elapsed

# Idle time is folded if it is longer than these seconds, and than this share of all that is not idle.
FOLDED_FROM = 60.0
FOLDED_SHARE = 0.1
MOST_FOLDS = 6
# What a fold is wide.
FOLD = 24.0
# Seconds; what is shorter is drawn as long as this.
SHORTEST = 1.0

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


class Tick(NamedTuple):
    x: float
    label: str


class Fold(NamedTuple):
    """Idle time that is not drawn, at its place."""

    x: float
    seconds: float


@dataclass(frozen=True)
class Axis:
    """Places of times, in seconds since 1970, from *left* on.

    Args:
        spans: The stretches of time that are drawn, in order.
    """

    spans: tuple[Interval, ...]
    left: float
    width: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def scale(self) -> float:
        """Width of a second."""
        return (self.width - FOLD * (len(self.spans) - 1)) / length(self.spans)

    def x(self, at: float) -> float:
        """Return the place of a time; one that is not drawn is at the nearest edge."""
        x = self.left
        for start, end in self.spans:
            if at <= end:
                break
            x += (end - start) * self.scale + FOLD
        else:
            return self.right
        return x + (max(at, start) - start) * self.scale

    def folds(self) -> list[Fold]:
        return [Fold(self.x(end) + FOLD / 2, start - end) for (_, end), (start, _) in pairwise(self.spans)]

    def ticks(self, apart: float) -> Iterator[Tick]:
        """Yield the times at which a line is drawn, at least *apart* from each other."""
        least = apart / self.scale
        step = next((step for step in STEPS if step >= least), math.ceil(least / 86400) * 86400)
        began = self.spans[0][0]
        for start, end in self.spans:
            for count in range(math.ceil((start - began) / step), math.floor((end - began) / step) + 1):
                yield Tick(self.x(began + count * step), elapsed(count * step, step))


def spans(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return what of the time that *intervals* span is drawn: all, but for long idle times."""
    busy = union((start, max(end, start + SHORTEST)) for start, end in intervals)
    if not busy:
        return ()
    least = max(FOLDED_FROM, FOLDED_SHARE * length(busy))
    idle = sorted((later[0] - earlier[1] for earlier, later in pairwise(busy)), reverse=True)
    folded = [seconds for seconds in idle if seconds > least][:MOST_FOLDS]
    shortest = folded[-1] if folded else math.inf
    drawn = [busy[0]]
    for stretch in busy[1:]:
        if stretch[0] - drawn[-1][1] >= shortest:
            drawn.append(stretch)
        else:
            drawn[-1] = (drawn[-1][0], stretch[1])
    return tuple(drawn)
