"""Lost requests in the picture: counted above it, and drawn down through all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gocd.report.axis import Axis
from gocd.report.columns import Column
from gocd.report.drawing import Layout, Panel, words
from gocd.report.markup import Markup, element, number
from gocd.report.wording import clock, counted

# The narrowest that a loss is drawn: one request of a million must be seen from afar.
NARROWEST = 3.0


def loss_counts(layout: Layout, axis: Axis, columns: Sequence[Column]) -> Panel:
    """Say where requests were lost, and how many; or that none was."""
    height = layout.size * 2
    lost = [column for column in columns if column.lost]
    marks = [_arrow(_middle(axis, column), height) for column in lost]
    for near in _close_together(axis, lost, layout.room("00,000 lost")):
        text = f"{sum(column.lost for column in near):,} lost"
        half = layout.room(text) / 2
        middle = (_middle(axis, near[0]) + _middle(axis, near[-1])) / 2
        x = min(max(middle, axis.left + half), axis.right - half)
        marks.append(words(x, layout.size, text, "loss-count", middle=True))
    if columns and not lost:
        marks.append(words(axis.left, layout.size * 1.2, "0 lost", "quiet"))
    return Panel(height, marks)


def loss_bands(axis: Axis, columns: Iterable[Column], height: float) -> list[Markup]:
    """Draw each loss down through everything that shares the axis."""
    bands = []
    for column in columns:
        if column.lost:
            width = max(NARROWEST, axis.x(column.end) - axis.x(column.start))
            x = _middle(axis, column) - width / 2
            bands.append(element("rect", x=x, y=0, width=width, height=height, class_="loss-band"))
    return bands


def described(columns: Sequence[Column]) -> str:
    """Return when requests were lost, in words."""
    lost = [column for column in columns if column.lost]
    if not lost:
        return "No request was lost." if columns else "No traffic was measured."
    total = counted(sum(column.lost for column in lost), "request")
    return f"{total} lost between {clock(lost[0].start)} and {clock(lost[-1].end)} UTC."


def _middle(axis: Axis, column: Column) -> float:
    return (axis.x(column.start) + axis.x(column.end)) / 2


def _arrow(x: float, foot: float) -> Markup:
    return element("path", d=f"M{number(x - 4)} {number(foot - 7)}h8l-4 7z", class_="loss")


def _close_together(axis: Axis, lost: Sequence[Column], apart: float) -> Iterator[list[Column]]:
    """Yield losses that share one count, because those of each would not fit."""
    near: list[Column] = []
    for column in lost:
        if near and axis.x(column.start) - axis.x(near[0].start) > apart:
            yield near
            near = []
        near.append(column)
    if near:
        yield near
