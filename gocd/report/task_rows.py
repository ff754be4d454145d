"""Runs of tasks in the picture: a row each, under the stage that it was in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from gocd.report.axis import Axis
from gocd.report.drawing import Layout, Panel, words
from gocd.report.markup import element
from gocd.report.task_runs import Ending, TaskRun
from gocd.report.wording import clock, duration

BAR = 8.0
# More rows than this are in the table only; those that did not end well are kept.
MOST = 80


def task_rows(layout: Layout, axis: Axis, runs: Sequence[TaskRun]) -> list[Panel]:
    """Draw when each run began and ended, with its outcome beside it."""
    shown = _shown(runs)
    panels = []
    for place, of_place in groupby(shown, key=lambda run: run.place):
        if place:
            panels.append(Panel(layout.size * 1.8, [words(0, layout.size * 1.3, place, "quiet")]))
        panels += [_row(layout, axis, run) for run in of_place]
    if len(shown) < len(runs):
        left_out = f"and {len(runs) - len(shown):,} more that are done, in the table"
        panels.append(Panel(layout.size * 2, [words(0, layout.size * 1.3, left_out, "quiet")]))
    return panels


def kind(outcome: Ending) -> str:
    """The class of an outcome in the stylesheet."""
    if outcome is Ending.DONE:
        return "done"
    return "unfinished" if outcome in (Ending.CANCELLED, Ending.NOT_SEEN) else "failed"


def ending(run: TaskRun) -> str:
    """How it ended, and after what time: ``done, 10 s``."""
    return f"{run.outcome.value}, {duration(run.until - run.start)}" if run.ended else run.outcome.value


def _shown(runs: Sequence[TaskRun]) -> list[TaskRun]:
    if len(runs) <= MOST:
        return list(runs)
    unwell = [run for run in runs if run.outcome is not Ending.DONE][:MOST]
    kept = {id(run) for run in unwell}
    kept |= {id(run) for run in [run for run in runs if id(run) not in kept][: MOST - len(unwell)]}
    return [run for run in runs if id(run) in kept]


def _row(layout: Layout, axis: Axis, run: TaskRun) -> Panel:
    start, end = axis.x(run.start), axis.x(run.until)
    width = max(2.0 if run.ended else BAR, end - start)
    outcome, room = ending(run), layout.room(ending(run))
    if layout.gutter:
        top, baseline = 6.0, 6.0 + BAR / 2 + layout.size * 0.35
        beside = start + width + 6
        left_of_it = beside + room > axis.right
        told = words(
            start - 6 if left_of_it else beside,
            baseline,
            outcome,
            f"{kind(run.outcome)}-word",
            end=left_of_it,
        )
        name = layout.fitted(run.name, layout.gutter - 12)
    else:
        top, baseline = layout.size * 1.4, layout.size
        told = words(layout.width, baseline, outcome, f"{kind(run.outcome)}-word", end=True)
        name = layout.fitted(run.name, layout.width - room - 8)
    title = f"{run.name}: {outcome}, from {clock(run.start)} UTC"
    bar = element("rect", x=start, y=top, width=width, height=BAR, rx=2, class_=f"run {kind(run.outcome)}")
    marks = [element("g", element("title", title), words(0, baseline, name), bar), told]
    return Panel(top + BAR + (6 if layout.gutter else 10), marks)
