"""The stages of a rollout in the order of time, each with the time in which its traffic was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gocd.report.intervals import Interval, length
from gocd.report.markup import Markup, element
from gocd.report.tables import table
from gocd.report.task_runs import TaskRun
from gocd.report.traffic import Traffic, measured
from gocd.report.verdict import APART
from gocd.report.wording import clock, duration, shortened

MOST = 500
LONGEST = 300


@dataclass(frozen=True)
class Stage:
    """A run of a stage, from its first task's start to its last one's end, in seconds since 1970."""

    pipeline: str
    name: str
    start: float
    end: float


def stages_of(runs: Sequence[TaskRun]) -> list[Stage]:
    """Return the stages that GoCD ran, in the order in which they began; none outside of GoCD."""
    spans: dict[tuple[str, str], Interval] = {}
    for run in runs:
        if run.stage:
            key = run.pipeline, run.stage
            start, end = spans.get(key, (math.inf, -math.inf))
            spans[key] = min(start, run.start), max(end, run.until)
    found = [Stage(*key, *span) for key, span in spans.items()]
    return sorted(found, key=lambda stage: (stage.start, stage.end))


def stages(runs: Sequence[TaskRun], traffic: Sequence[Traffic]) -> Markup | None:
    """Return a row for each stage; None if there is none."""
    found = stages_of(runs)
    if not found:
        return None
    several = len({stage.pipeline for stage in found}) > 1
    rows = [_row(stage, traffic, several=several) for stage in found[:MOST]]
    heads = ("Stage", "Began, UTC", "Took", "Measured, UTC", "Sent", "Lost")
    return table(heads, rows, numbers={1, 2, 4, 5})


def _row(stage: Stage, traffic: Sequence[Traffic], *, several: bool) -> Markup:
    name = f"{stage.pipeline} {stage.name}" if several else stage.name
    windows = _windows(stage, traffic)
    # A second belongs to the stage that has its middle.
    seconds = [
        second
        for each in traffic
        for second in each.measurement.seconds
        if stage.start <= second.at + 0.5 < stage.end
    ]
    lost = sum(second.lost for second in seconds)
    return element(
        "tr",
        element("td", shortened(name, LONGEST)),
        element("td", clock(stage.start), class_="number"),
        element("td", duration(stage.end - stage.start), class_="number"),
        _window(stage, windows),
        element("td", f"{sum(second.sent for second in seconds):,}" if windows else "-", class_="number"),
        element("td", f"{lost:,}" if windows else "-", class_=f"number{' failed-word' if lost else ''}"),
    )


def _windows(stage: Stage, traffic: Sequence[Traffic]) -> list[Interval]:
    """Return the stretches of the stage in which traffic was measured."""
    cut = [(max(start, stage.start), min(end, stage.end)) for start, end in measured(traffic)]
    return [(start, end) for start, end in cut if start < end]


def _window(stage: Stage, windows: Sequence[Interval]) -> Markup:
    if not windows:
        return element("td", "not measured", class_="unfinished-word")
    watched, whole = length(windows), stage.end - stage.start
    part = "all of it" if whole - watched <= APART else f"{duration(watched)} of {duration(whole)}"
    when = f"{clock(windows[0][0])} to {clock(windows[-1][1])}"
    return element("td", element("span", when), element("small", part))
