"""Instances in the picture: one bar each, its states told apart by colour, pattern and word."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gocd.report.axis import Axis
from gocd.report.drawing import Layout, Panel, words
from gocd.report.environment_states import ALL, NONE
from gocd.report.instance_states import (
    DEPLOYING,
    DRAINING,
    JOINING,
    OUT,
    SERVING,
    STATES,
    InstanceStates,
    Stay,
)
from gocd.report.markup import Markup, element
from gocd.report.wording import clock

BAR = 20.0
# More instances than this are left to the log.
MOST = 60

# Whose look an environment has that all users are on, or none.
LIKE = {ALL: SERVING, NONE: OUT}

# How the strokes of a pattern run, in a square of 6.
STROKES = {
    DRAINING: "M-1 1l2-2M0 6L6 0M5 7l2-2",
    DEPLOYING: "M0 3h6",
    JOINING: "M-1 5l2 2M0 0l6 6M5-1l2 2",
}


def instance_bars(layout: Layout, axis: Axis, instances: Sequence[InstanceStates]) -> list[Panel]:
    """Draw each instance; states that had no room for their word are explained under them."""
    drawn = [_Bar(layout, axis, instance) for instance in instances[:MOST]]
    panels = [bar.panel() for bar in drawn]
    if more := len(instances) - MOST:
        panels += [_line(layout, f"and {more} more")] if more > 0 else []
    worded = {state for bar in drawn for state in bar.worded}
    if silent := [state for state in STATES if state in {s for bar in drawn for s in bar.states} - worded]:
        panels.append(_key(layout, axis, silent))
    if others := _too_short(drawn, worded):
        panels.append(_line(layout, f"too short to name: {', '.join(others)}"))
    return panels


def _too_short(drawn: Sequence[_Bar], worded: Collection[str]) -> list[str]:
    """The words that had no room, of states that look like any other."""
    known = {*STATES, *LIKE, *worded}
    return [state for state in dict.fromkeys(s for bar in drawn for s in bar.told) if state not in known]


def patterns(layout: Layout) -> Markup:
    """Return the fills of the states, named for *layout* alone: a hidden picture lends none."""
    return element(
        "defs",
        *(
            element(
                "pattern",
                element("rect", width=6, height=6, class_=f"{state}-ground"),
                element("path", d=strokes, class_=f"{state}-stroke"),
                id=f"{layout.name}-{state}",
                width=6,
                height=6,
                patternUnits="userSpaceOnUse",
            )
            for state, strokes in STROKES.items()
        ),
    )


class _Bar:
    def __init__(self, layout: Layout, axis: Axis, instance: InstanceStates) -> None:
        self.told = [stay.state for stay in instance.stays]
        self.states = set(self.told)
        self.worded: set[str] = set()
        self._layout = layout
        self._axis = axis
        self._instance = instance

    def panel(self) -> Panel:
        layout, name = self._layout, self._instance.name
        top = 0.0 if layout.gutter else layout.size * 1.5
        room = layout.gutter - 12 if layout.gutter else layout.width
        baseline = BAR / 2 + layout.size * 0.35 if layout.gutter else layout.size
        named = element("g", element("title", name), words(0, baseline, layout.fitted(name, room)))
        stays = [mark for stay in self._instance.stays for mark in self._stay(stay, top)]
        return Panel(top + BAR + 6, [named, *stays])

    def _stay(self, stay: Stay, top: float) -> list[Markup]:
        axis, layout = self._axis, self._layout
        start = axis.left if stay.start is None else axis.x(stay.start)
        end = axis.right if stay.end is None else axis.x(stay.end)
        width = max(2.0, end - start)
        title = f"{self._instance.name}: {stay.state}{_times(stay)}"
        box = _box(layout, stay.state, start, top, width)
        marks = [element("g", element("title", title), box)]
        if width > layout.room(stay.state) + 8:
            self.worded.add(stay.state)
            y = top + BAR / 2 + layout.size * 0.35
            marks.append(words(start + 6, y, stay.state, f"on-state {_kind(stay.state)}-word"))
        return marks


def _box(layout: Layout, state: str, x: float, y: float, width: float) -> Markup:
    fill = f"url(#{layout.name}-{state})" if state in STROKES else None
    kind = "state" if fill else f"state {_kind(state)}"
    return element("rect", x=x, y=y, width=width, height=BAR, rx=2, class_=kind, fill=fill)


def _kind(state: str) -> str:
    """The class of a state; those that this page does not know look alike."""
    like = LIKE.get(state, state)
    return like if like in STATES else "unknown"


def _key(layout: Layout, axis: Axis, states: Sequence[str]) -> Panel:
    x, marks = axis.left, []
    for state in states:
        marks.append(_box(layout, state, x, 0, BAR))
        marks.append(words(x + BAR + 6, BAR / 2 + layout.size * 0.35, state, "quiet"))
        x += BAR + 22 + layout.room(state)
    return Panel(BAR + 6, marks)


def _line(layout: Layout, text: str) -> Panel:
    return Panel(layout.size * 2, [words(0, layout.size * 1.3, text, "quiet")])


def _times(stay: Stay) -> str:
    since = "" if stay.start is None else f" from {clock(stay.start)}"
    return since + ("" if stay.end is None else f" until {clock(stay.end)}")
