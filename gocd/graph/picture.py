"""Flows as one SVG: it stands alone, fits a light page and a dark one, and runs no scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from gocd.graph.flow import Flow, FlowJob, FlowStage, Source
from gocd.report.drawing import LETTER
from gocd.report.markup import Markup, element, number

# In the picture's own units, which are pixels where it is shown as it is.
_WIDTH, _EDGE, _PAD, _GAP = 760.0, 20.0, 12.0, 10.0
_SIZE, _LINE = 12.5, 18.0
_ARROW = 34.0
# Between the lines that lead beside the stages from one that publishes to one that takes.
_LANE = 12.0
_MOST_BESIDE = 3

_STYLE = """
svg { --page: #ffffff; --ink: #17202a; --quiet: #566370; --edge: #9aa5b0; --stage: #f5f7f9; --job: #ffffff;
  --source: #dfe9fb; --gate: #fdf0cf; --gate-edge: #b98900; --taken: #1f6feb; }
@media (prefers-color-scheme: dark) { svg { --page: #12171c; --ink: #e6ebf0; --quiet: #9dabb8;
  --edge: #62707d; --stage: #1a2128; --job: #12171c; --source: #1c2c4a; --gate: #3b3015;
  --gate-edge: #e3b341; --taken: #79abff; } }
text { font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  fill: var(--ink); }
.page { fill: var(--page); }
.title { font-size: 17px; font-weight: 650; }
.name { font-weight: 650; }
.quiet { fill: var(--quiet); }
.taken-words { fill: var(--taken); }
.stage { fill: var(--stage); stroke: var(--edge); }
.job { fill: var(--job); stroke: var(--edge); }
.source { fill: var(--source); stroke: var(--edge); }
.gate { fill: var(--gate); stroke: var(--gate-edge); }
.line { fill: none; stroke: var(--edge); stroke-width: 1.5; }
.taken { fill: none; stroke: var(--taken); stroke-width: 1.5; }
.head { fill: var(--edge); }
.taken-head { fill: var(--taken); }
"""


def picture_of(flows: Sequence[Flow]) -> Markup:
    """Draw *flows* under each other."""
    drawn = _Drawn()
    for flow in flows:
        _draw(drawn, flow)
    width = _EDGE + _WIDTH + _LANE * (drawn.lanes + 1) + _EDGE
    height = drawn.y + _EDGE
    names = ", ".join(flow.name for flow in flows)
    return element(
        "svg",
        element("title", f"What runs after what: {names}"),
        element("style", Markup(_STYLE)),
        element("rect", class_="page", width=width, height=height),
        *drawn.marks,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
    )


@dataclass
class _Drawn:
    """What is drawn up to here, and how far down that is."""

    marks: list[Markup] = field(default_factory=list)
    y: float = _EDGE
    lanes: int = 0
    stages: dict[tuple[str, str], float] = field(default_factory=dict)
    """How far down the middle of each is, by its pipeline and its own name, both in lower case."""

    def box(self, kind: str, x: float, y: float, width: float, height: float) -> None:
        self.marks.append(element("rect", class_=kind, x=x, y=y, width=width, height=height, rx=5))

    def words(self, x: float, y: float, text: str, kind: str | None = None, *, middle: bool = False) -> None:
        anchor = "middle" if middle else None
        self.marks.append(element("text", text, x=x, y=y, class_=kind, text_anchor=anchor))

    def path(self, kind: str, *points: tuple[float, float]) -> None:
        line = " L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.marks.append(element("path", class_=kind, d=f"M{line}"))

    def head(self, kind: str, x: float, y: float, dx: float, dy: float) -> None:
        """An arrow's head that ends at *x*, *y* and comes from the side of *dx*, *dy*."""
        left, right = (x + dx - dy / 2, y + dy + dx / 2), (x + dx + dy / 2, y + dy - dx / 2)
        points = " L".join(f"{number(px)} {number(py)}" for px, py in ((x, y), left, right))
        self.marks.append(element("path", class_=kind, d=f"M{points} Z"))


def _draw(drawn: _Drawn, flow: Flow) -> None:
    drawn.words(_EDGE, drawn.y + 17, flow.name, "title")
    drawn.words(_EDGE, drawn.y + 17 + _LINE, flow.facts, "quiet")
    drawn.y += 17 + _LINE + _PAD * 1.5
    _draw_sources(drawn, flow.sources)
    if flow.template:
        _draw_arrow(drawn, None)
        drawn.box("stage", _EDGE, drawn.y, _WIDTH, _LINE + _PAD * 2)
        drawn.words(_EDGE + _PAD, drawn.y + _PAD + _SIZE, f"the stages of template {flow.template}", "name")
        drawn.y += _LINE + _PAD * 2
    places: dict[str, tuple[float, float]] = {}
    lane = 0
    for stage in flow.stages:
        _draw_arrow(drawn, stage)
        top = drawn.y
        _draw_stage(drawn, stage)
        places[stage.name] = (top, drawn.y)
        drawn.stages[flow.name.lower(), stage.name.lower()] = (top + drawn.y) / 2
        if taken_from := [each for each in stage.taken_from if each in places]:
            lane += 1
            _draw_taken(drawn, lane, [places[each] for each in taken_from], top)
    drawn.lanes = max(drawn.lanes, lane)
    drawn.y += _EDGE * 2


def _draw_sources(drawn: _Drawn, sources: Sequence[Source]) -> None:
    for row in _rows(sources):
        width = (_WIDTH - _GAP * (len(row) - 1)) / len(row)
        told = [_wrapped(each.words, width) for each in row]
        height = _PAD * 2 + _LINE * (1 + max(map(len, told)))
        for place, (source, lines) in enumerate(zip(row, told, strict=True)):
            x = _EDGE + place * (width + _GAP)
            drawn.box("source", x, drawn.y, width, height)
            drawn.words(x + _PAD, drawn.y + _PAD + _SIZE, source.name, "name")
            from_stage = drawn.stages.get((source.pipeline.lower(), source.stage.lower()))
            if from_stage is not None:
                _draw_upstream(drawn, from_stage, x, drawn.y)
            for below, line in enumerate(lines, 1):
                drawn.words(x + _PAD, drawn.y + _PAD + _SIZE + below * _LINE, line)
        drawn.y += height + _GAP
    drawn.y -= _GAP


def _draw_arrow(drawn: _Drawn, stage: FlowStage | None) -> None:
    """The way on to *stage*, through its gate."""
    x = _EDGE + _WIDTH / 2
    if stage and stage.gate:
        width = (len(stage.gate) + 4) * _SIZE * LETTER
        drawn.path("line", (x, drawn.y), (x, drawn.y + _PAD))
        drawn.y += _PAD
        drawn.box("gate" if stage.is_manual else "job", x - width / 2, drawn.y, width, _LINE + 6)
        drawn.words(x, drawn.y + _SIZE + 4, stage.gate, middle=True)
        drawn.y += _LINE + 6
    drawn.path("line", (x, drawn.y), (x, drawn.y + _ARROW - 8))
    drawn.y += _ARROW
    drawn.head("head", x, drawn.y, 0, -9)


def _draw_stage(drawn: _Drawn, stage: FlowStage) -> None:
    rows = [[(job, *_told(job, len(row))) for job in row] for row in _rows(stage.jobs)]
    heights = [
        _PAD * 2 + _LINE * max(1 + len(does) + len(takes) for _, does, takes in row) - 4 for row in rows
    ]
    inside = sum(heights) + _GAP * (len(rows) - 1)
    drawn.box("stage", _EDGE, drawn.y, _WIDTH, _LINE + _PAD * 2 + 4 + inside)
    drawn.words(_EDGE + _PAD, drawn.y + _PAD + _SIZE, stage.name, "name")
    drawn.y += _PAD + _LINE + 4
    for row, height in zip(rows, heights, strict=True):
        width = _job_width(len(row))
        for place, (job, does, takes) in enumerate(row):
            x = _EDGE + _PAD + place * (width + _GAP)
            drawn.box("job", x, drawn.y, width, height)
            lines = [(job.name, "name"), *((line, "quiet") for line in does)]
            lines += [(line, "taken-words") for line in takes]
            for below, (line, kind) in enumerate(lines):
                drawn.words(x + _PAD, drawn.y + _PAD + _SIZE + below * _LINE, line, kind)
        drawn.y += height + _GAP
    drawn.y += _PAD - _GAP


def _draw_upstream(drawn: _Drawn, from_stage: float, x: float, y: float) -> None:
    """A line from a stage of another pipeline, beside all that is between, to what it starts."""
    side, above, into = _EDGE / 2, y - _GAP / 2, x + _PAD * 2
    if x > _EDGE:
        drawn.path("line", (_EDGE, from_stage), (side, from_stage), (side, above), (into, above))
        drawn.head("head", into, y, 0, -_GAP / 2)
        return
    beside = y + _PAD + _SIZE / 2
    drawn.path("line", (_EDGE, from_stage), (side, from_stage), (side, beside), (x - 8, beside))
    drawn.head("head", x, beside, -9, 0)


def _draw_taken(drawn: _Drawn, lane: int, sources: Sequence[tuple[float, float]], top: float) -> None:
    """One line from all stages that publish, beside those between, to the one that takes it."""
    side, x = _EDGE + _WIDTH, _EDGE + _WIDTH + lane * _LANE
    middles = [(upper + lower) / 2 for upper, lower in sources]
    end = top + _PAD + _SIZE / 2
    for middle in middles:
        drawn.path("taken", (side, middle), (x, middle))
    drawn.path("taken", (x, min(middles)), (x, end), (side + 8, end))
    drawn.head("taken-head", side, end, 9, 0)


def _rows(each: Sequence[FlowJob] | Sequence[Source]) -> list:  # type: ignore[type-arg]
    return [each[begin : begin + _MOST_BESIDE] for begin in range(0, len(each), _MOST_BESIDE)]


def _job_width(beside: int) -> float:
    return (_WIDTH - _PAD * 2 - _GAP * (beside - 1)) / beside


def _told(job: FlowJob, beside: int) -> tuple[list[str], list[str]]:
    width = _job_width(beside)
    takes = [line for taken in job.takes for line in _wrapped(f"takes {taken.words}", width)]
    return _wrapped(", ".join(job.does), width), takes


def _wrapped(text: str, width: float) -> list[str]:
    return textwrap.wrap(text, int((width - _PAD * 2) / (_SIZE * LETTER)), break_on_hyphens=False)
