"""Requests a second and latency in the picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gocd.report.axis import Axis
from gocd.report.columns import Column, unbroken
from gocd.report.drawing import Layout, Panel, words
from gocd.report.markup import Markup, element, number

REQUESTS = 116.0
LATENCY = 56.0
# Height of a loss that would be too thin to see.
LEAST_LOST = 5.0

Value = Callable[[Column], float | None]


def requests(layout: Layout, axis: Axis, columns: Sequence[Column]) -> Panel:
    """Draw the requests a second as an area.

    Where a column is several seconds wide, the area is as high as its quietest second, and a paler one
    behind it as its busiest.
    """
    top = max((column.high for column in columns if column.high is not None), default=0.0)
    areas = [
        _area(axis, columns, lambda column: column.high, REQUESTS / _above(top), "busiest"),
        _area(axis, columns, lambda column: column.low, REQUESTS / _above(top), "requests"),
    ]
    rulers = _rulers(layout, axis, top, REQUESTS, "/s")
    return Panel(
        REQUESTS,
        [*areas, *rulers, *_lost(axis, columns, REQUESTS / _above(top)), *_unmeasured(layout, axis, columns)],
    )


def latency(layout: Layout, axis: Axis, columns: Sequence[Column]) -> Panel:
    """Draw the 95th percentile of the latency as a line."""
    top = max((column.p95_ms for column in columns if column.p95_ms is not None), default=0)
    scale = LATENCY / _above(top)
    path = ""
    for run in unbroken(columns, lambda column: column.p95_ms is not None):
        points = [
            f"{number(axis.x((column.start + column.end) / 2))} "
            f"{number(LATENCY - scale * (column.p95_ms or 0))}"
            for column in run
        ]
        # A line of one point has no length, and would not be seen.
        path += f"M{'L'.join(points)}h.1"
    rulers = _rulers(layout, axis, top, LATENCY, " ms")
    return Panel(LATENCY, [*rulers, element("path", d=path, class_="latency")])


def _area(axis: Axis, columns: Sequence[Column], value: Value, scale: float, kind: str) -> Markup:
    path = ""
    for run in unbroken(columns, lambda column: value(column) is not None):
        path += f"M{number(axis.x(run[0].start))} {number(REQUESTS)}"
        for column in run:
            path += f"V{number(REQUESTS - scale * (value(column) or 0))}H{number(axis.x(column.end))}"
        path += f"V{number(REQUESTS)}z"
    return element("path", d=path, class_=kind)


def _lost(axis: Axis, columns: Sequence[Column], scale: float) -> list[Markup]:
    """Colour the part of the area that was lost; a small part is drawn larger than it is."""
    marks = []
    for column in columns:
        if column.lost:
            height = scale * (column.high or 0)
            part = min(REQUESTS, max(LEAST_LOST, height * column.lost / column.sent))
            x, top = axis.x(column.start), REQUESTS - max(height, part)
            width = max(2.0, axis.x(column.end) - x)
            marks.append(element("rect", x=x, y=top, width=width, height=part, class_="loss"))
    return marks


def _unmeasured(layout: Layout, axis: Axis, columns: Sequence[Column]) -> list[Markup]:
    """Say where no traffic was measured, which otherwise looks as if none had been lost."""
    text = "not measured"
    ends = [axis.left, *(axis.x(column.end) for column in columns)]
    starts = [*(axis.x(column.start) for column in columns), axis.right]
    return [
        words((end + start) / 2, REQUESTS - layout.size, text, "quiet", middle=True)
        for end, start in zip(ends, starts, strict=True)
        if start - end > layout.room(text) + 8
    ]


def _above(top: float) -> float:
    """The value at the upper edge: a little room stays over the highest."""
    return top * 1.1 or 1.0


def _rulers(layout: Layout, axis: Axis, top: float, height: float, unit: str) -> list[Markup]:
    """Draw lines at round values, with their numbers beside them or, without a gutter, on them."""
    marks = [_line(axis, height, "base")]
    step = _round_step(top / (height / (layout.size * 2.4)))
    for count in range(1, int(top / step) + 1 if top else 0):
        y = height - height / _above(top) * count * step
        text = f"{count * step:,.10g}{unit}"
        marks.append(_line(axis, y, "ruler"))
        if layout.gutter:
            marks.append(words(axis.left - 8, y + layout.size * 0.35, text, "quiet", end=True))
        else:
            marks.append(words(3, y + layout.size + 1, text, "quiet on-chart"))
    return marks


def _line(axis: Axis, y: float, kind: str) -> Markup:
    return element("path", d=f"M{number(axis.left)} {number(y)}H{number(axis.right)}", class_=kind)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, 50 ... that is not under *least*."""
    if least <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)
