"""The seconds of a measurement as the columns of a picture: fewer, with every peak and loss kept."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gocd.report.intervals import Interval, length, shared
from gocd.report.traffic import Traffic, measured

# A second that was hardly measured says nothing of a rate.
ENOUGH = 0.25


@dataclass(frozen=True)
class Column:
    """What happened from *start* to *end*, seconds since 1970.

    Args:
        low: Requests in its quietest second; None if too little of it was measured.
        high: Requests in its busiest second.
        p95_ms: Of its slowest second; None if nothing succeeded.
        versions: Answers by version.
    """

    start: float
    end: float
    low: float | None
    high: float | None
    sent: int
    lost: int
    p95_ms: int | None
    versions: Counter[str]


@dataclass
class _Sum:
    """One second of all the traffic together."""

    rate: float = 0.0
    told: float = 0.0
    sent: int = 0
    lost: int = 0
    p95_ms: int | None = None
    versions: Counter[str] = field(default_factory=Counter)


def columns(traffic: Sequence[Traffic], spans: Sequence[Interval], most: int) -> list[Column]:
    """Return at most about *most* columns over *spans*, where traffic was measured.

    A column is one second wide, or as many as are needed.
    """
    seconds = _together(traffic)
    ats = sorted(seconds)
    when = measured(traffic)
    width = max(1, math.ceil(length(spans) / most))
    made = []
    for first, last in spans:
        for start in range(math.floor(first), math.ceil(last), width):
            end = start + width
            inside = ats[bisect_left(ats, start) : bisect_left(ats, end)]
            if inside or shared(when, start, end):
                made.append(_column(start, end, when, [seconds[at] for at in inside]))
    return made


def unbroken(columns: Iterable[Column], known: Callable[[Column], bool]) -> Iterator[list[Column]]:
    """Yield columns that follow each other without a hole, as long as *known* is true of them."""
    run: list[Column] = []
    for column in columns:
        if run and (column.start != run[-1].end or not known(column)):
            yield run
            run = []
        if known(column):
            run.append(column)
    if run:
        yield run


def _column(start: float, end: float, when: Sequence[Interval], inside: Sequence[_Sum]) -> Column:
    covered = shared(when, start, end)
    rates = [second.rate for second in inside if second.told >= ENOUGH]
    if len(inside) < math.floor(covered):
        # A second in which nothing was sent is not in the measurement at all.
        rates.append(0.0)
    versions: Counter[str] = Counter()
    for second in inside:
        versions.update(second.versions)
    return Column(
        # At its edges the traffic does not fill a whole second.
        max(start, min((first for first, last in when if last > start), default=start)),
        min(end, max((last for first, last in when if first < end), default=end)),
        min(rates, default=None),
        max(rates, default=None),
        sum(second.sent for second in inside),
        sum(second.lost for second in inside),
        max((second.p95_ms for second in inside if second.p95_ms is not None), default=None),
        versions,
    )


def _together(traffic: Iterable[Traffic]) -> dict[int, _Sum]:
    seconds: dict[int, _Sum] = {}
    for each in traffic:
        start, end = each.interval or (0.0, 0.0)
        for second in each.measurement.seconds:
            found = seconds.setdefault(second.at, _Sum())
            told = min(second.at + 1, end) - max(second.at, start)
            found.rate += second.sent / max(told, ENOUGH)
            found.told = max(found.told, told)
            found.sent += second.sent
            found.lost += second.lost
            found.versions.update(second.versions)
            if second.p95_ms is not None:
                found.p95_ms = max(found.p95_ms or 0, second.p95_ms)
    return seconds
