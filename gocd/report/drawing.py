"""What every part of the picture is drawn with: a layout for a width, panels, and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gocd.report.axis import Axis
from gocd.report.markup import Markup, element
from gocd.report.wording import shortened

# Of a letter, as a share of the size it is set in; a little more than what system fonts take.
LETTER = 0.56


@dataclass(frozen=True)
class Layout:
    """How the picture is laid out for pages of about one width.

    Args:
        name: Of its class in the stylesheet, and the prefix of what it defines.
        width: Of the picture, in its own units; shown at about one to one.
        gutter: Room left of the axis for names; without any, names stand above what they name.
        size: Of letters.
        columns: Most that are told apart along the axis.
        ticks: Least distance between two times on the axis.
    """

    name: str
    width: float
    gutter: float
    size: float
    columns: int
    ticks: float

    def axis(self, spans: tuple[tuple[float, float], ...]) -> Axis:
        # The edge's own line must not be cut off.
        return Axis(spans, self.gutter + 1, self.width - self.gutter - 2)

    def room(self, text: str) -> float:
        return len(text) * self.size * LETTER

    def fitted(self, text: str, room: float) -> str:
        """Return as much of *text* as has room."""
        return shortened(text, max(2, int(room / (self.size * LETTER))))


class Panel(NamedTuple):
    """A part of the picture, drawn from its own top; the parts stand under each other."""

    height: float
    marks: list[Markup]


def words(
    x: float, y: float, text: str, kind: str | None = None, *, end: bool = False, middle: bool = False
) -> Markup:
    """Return text whose baseline is at *y*; *kind* is its class in the stylesheet."""
    anchor = "end" if end else "middle" if middle else None
    return element("text", text, x=x, y=y, class_=kind, text_anchor=anchor)


def heading(layout: Layout, text: str) -> Panel:
    """Return a line that names what is under it."""
    return Panel(layout.size * 2.6, [words(0, layout.size * 2, text, "heading")])


def headed(layout: Layout, text: str, panel: Panel) -> Panel:
    """Return *panel* with its name: in the gutter, or on a line above where there is none."""
    if not layout.gutter:
        return stack([heading(layout, text), panel])
    named = words(0, layout.size * 1.2, text, "heading")
    return stack([Panel(layout.size * 1.2, []), Panel(panel.height, [named, *panel.marks])])


def stack(panels: list[Panel]) -> Panel:
    """Return *panels* as one, under each other."""
    marks, top = [], 0.0
    for panel in panels:
        marks.append(element("g", *panel.marks, transform=f"translate(0 {top:.1f})"))
        top += panel.height
    return Panel(top, marks)
