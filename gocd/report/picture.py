"""The picture: traffic, instances and tasks under each other on one time axis."""

from __future__ import annotations

from collections.abc import Sequence

from gocd.report.axis import Axis, spans
from gocd.report.charts import latency, requests
from gocd.report.columns import Column, columns
from gocd.report.drawing import Layout, Panel, headed, heading, stack, words
from gocd.report.instance_bars import instance_bars, patterns
from gocd.report.intervals import Interval
from gocd.report.loss_marks import described, loss_bands, loss_counts
from gocd.report.markup import Markup, element, number
from gocd.report.rollout import Rollout
from gocd.report.task_rows import task_rows
from gocd.report.traffic import Traffic
from gocd.report.version_band import version_band
from gocd.report.wording import clock, day, duration, elapsed

# The stylesheet shows the one that fits the page, so that letters are readable on each.
LAYOUTS = (
    Layout("phone", width=360, gutter=0, size=12.5, columns=170, ticks=58),
    Layout("tablet", width=680, gutter=190, size=12, columns=240, ticks=64),
    Layout("desktop", width=1120, gutter=216, size=12.5, columns=440, ticks=72),
)
# A picture that is higher than this many times its width takes paper of its own.
TALL = 1.5


def pictures(traffic: Sequence[Traffic], rollout: Rollout) -> Markup | None:
    """Draw the rollout once for each width of page; None if there is nothing to draw."""
    times = [each.interval for each in traffic if each.interval] + rollout.intervals
    drawn = spans(times)
    if not drawn:
        return None
    return Markup("\n".join(_picture(layout, drawn, traffic, rollout) for layout in LAYOUTS))


def _picture(
    layout: Layout, drawn: tuple[Interval, ...], traffic: Sequence[Traffic], rollout: Rollout
) -> Markup:
    axis = layout.axis(drawn)
    told = columns(traffic, drawn, layout.columns)
    users = stack(_users(layout, axis, told))
    tooltips = _tooltips(axis, told, users.height)
    parts = [Panel(users.height, [*users.marks, *tooltips])]
    if rollout.environments:
        parts += [heading(layout, "Environments"), *instance_bars(layout, axis, rollout.environments)]
    if rollout.instances:
        parts += [heading(layout, "Instances"), *instance_bars(layout, axis, rollout.instances)]
    if rollout.runs:
        parts += [heading(layout, "Tasks"), *task_rows(layout, axis, rollout.runs)]
    body = stack(parts)
    head = layout.size * 1.8
    height = head + body.height + head
    marks = element(
        "g", *body.marks, *loss_bands(axis, told, body.height), transform=f"translate(0 {number(head)})"
    )
    return element(
        "svg",
        element("title", "The rollout and its traffic on one time axis"),
        element("desc", _description(drawn, told, rollout)),
        patterns(layout),
        *_times(layout, axis, head, head + body.height),
        marks,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(layout.width)} {number(height)}",
        role="img",
        aria_label=_description(drawn, told, rollout),
        font_size=layout.size,
        class_=f"picture {layout.name}{' tall' if height > TALL * layout.width else ''}",
    )


def _users(layout: Layout, axis: Axis, told: Sequence[Column]) -> list[Panel]:
    if not told:
        return [Panel(layout.size * 2, [words(0, layout.size * 1.4, "No traffic was measured", "heading")])]
    sent = stack([loss_counts(layout, axis, told), requests(layout, axis, told)])
    panels = [
        headed(layout, "Requests per second", sent),
        headed(layout, "Latency, p95", latency(layout, axis, told)),
    ]
    if band := version_band(layout, axis, told):
        panels.append(headed(layout, "Versions", band))
    return panels


def _times(layout: Layout, axis: Axis, top: float, bottom: float) -> list[Markup]:
    """Draw the axis: a line down the whole picture at each time, its words at both ends."""
    marks = []
    for x, label in axis.ticks(layout.ticks):
        marks.append(element("path", d=f"M{number(x)} {number(top)}V{number(bottom)}", class_="time"))
        half = layout.room(label) / 2
        at = min(max(x, axis.left + half), axis.right - half)
        for y in (top - 6, bottom + layout.size * 1.3):
            marks.append(words(at, y, label, "quiet", middle=True))
    for x, seconds in axis.folds():
        title = element("title", f"{duration(seconds)} in which nothing happened are not drawn")
        line = element("path", d=f"M{number(x)} {number(top)}V{number(bottom)}", class_="fold")
        marks.append(element("g", title, line))
    return marks


def _tooltips(axis: Axis, told: Sequence[Column], height: float) -> list[Markup]:
    """Lay over the traffic what each column says in words."""
    began = axis.spans[0][0]
    marks = []
    for column in told:
        x = axis.x(column.start)
        p95 = "" if column.p95_ms is None else f", p95 {column.p95_ms:,} ms"
        answered = "".join(f", {count:,} by {name[:40]}" for name, count in column.versions.most_common(3))
        title = (
            f"{clock(column.start)} UTC ({elapsed(column.start - began, step=1)}): "
            f"{column.sent:,} sent, {column.lost:,} lost{p95}{answered}"
        )
        cover = element("rect", x=x, y=0, width=axis.x(column.end) - x, height=height, class_="cover")
        marks.append(element("g", element("title", title), cover))
    return marks


def _description(drawn: Sequence[Interval], told: Sequence[Column], rollout: Rollout) -> str:
    start, end = drawn[0][0], drawn[-1][1]
    when = f"{day(start)}, {clock(start)} to {clock(end)} UTC."
    names = ", ".join(run.name for run in rollout.runs[:20])
    return f"{when} {described(told)}" + (f" Tasks, in order: {names}." if names else "")
