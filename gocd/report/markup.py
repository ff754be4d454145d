"""Elements of a page; whatever is put into one is fit to be shown, and escaped."""

from __future__ import annotations

import html
import sys

from gocd.shown import LONGEST, shown

# Written without an end tag if they are empty: those that HTML calls void, and the shapes of SVG.
CLOSED = frozenset({"meta", "path", "rect"})


class Markup(str):
    """Text that is markup already, and put into elements as it is."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element.

    Args:
        children: Markup, or anything whose text is shown; None is left out.
        attributes: ``class_`` is ``class``, ``stroke_width`` is ``stroke-width``; None leaves one out.
    """
    opening = name + "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(value, sys.maxsize)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in CLOSED and not children:
        return Markup(f"<{opening}/>")
    inner = "".join(_text(child) for child in children if child is not None)
    return Markup(f"<{opening}>{inner}</{name}>")


def together(*parts: Markup | None) -> Markup:
    """Return elements that follow each other."""
    return Markup("\n".join(part for part in parts if part))


def number(value: float) -> str:
    """Return a coordinate to a tenth, as short as it can be written."""
    return f"{value:.1f}".removesuffix(".0")


def _text(value: object, most: int = LONGEST) -> str:
    if isinstance(value, Markup):
        return value
    if isinstance(value, float):
        return number(value)
    return html.escape(shown(str(value), most=most))
