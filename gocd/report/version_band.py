"""The versions in the picture: each one's share of the answers, stacked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from gocd.report.axis import Axis
from gocd.report.columns import Column, unbroken
from gocd.report.drawing import Layout, Panel, words
from gocd.report.markup import Markup, element, number
from gocd.report.wording import shortened

HEIGHT = 28.0
# Versions that get a colour of their own; the rest share one.
TOLD_APART = 5
OTHERS = "other versions"


class _Piece(NamedTuple):
    """One version's part of the band in one column."""

    left: float
    right: float
    upper: float
    lower: float


def version_band(layout: Layout, axis: Axis, columns: Sequence[Column]) -> Panel | None:
    """Draw which versions answered; None if no answer named its version."""
    named = _most_seen(columns)
    if not named:
        return None
    stays: dict[str, list[list[_Piece]]] = {name: [] for name in [*named, OTHERS]}
    for run in unbroken(columns, lambda column: bool(column.versions)):
        pieces = [_pieces(axis, column, named) for column in run]
        for name, stay in stays.items():
            stay.append([each[name] for each in pieces])
    marks: list[Markup] = []
    for place, (name, stay) in enumerate(stays.items()):
        if any(piece.lower > piece.upper for run in stay for piece in run):
            path = "".join(map(_outline, stay))
            marks.append(
                element("path", element("title", shortened(name, 120)), d=path, class_=f"version-{place}")
            )
            marks += _name(layout, name, place, [piece for run in stay for piece in run])
    return Panel(HEIGHT, marks)


def _most_seen(columns: Iterable[Column]) -> list[str]:
    """Return the versions that answered most, in the order of their first answers."""
    answers: Counter[str] = Counter()
    for column in columns:
        answers.update(column.versions)
    told_apart = {name for name, _ in answers.most_common(TOLD_APART)}
    return [name for name in answers if name in told_apart]


def _pieces(axis: Axis, column: Column, named: Sequence[str]) -> dict[str, _Piece]:
    total = sum(column.versions.values())
    bounds = [*accumulate((column.versions[name] / total * HEIGHT for name in named), initial=0.0), HEIGHT]
    left, right = axis.x(column.start), axis.x(column.end)
    return {
        name: _Piece(left, right, upper, lower)
        for name, (upper, lower) in zip([*named, OTHERS], pairwise(bounds), strict=True)
    }


def _outline(run: Sequence[_Piece]) -> str:
    """Return the path around *run*: its upper edge there, its lower edge back."""
    there = "".join(f"V{number(piece.upper)}H{number(piece.right)}" for piece in run)
    back = "".join(f"V{number(piece.lower)}H{number(piece.left)}" for piece in reversed(run))
    return f"M{number(run[0].left)} {number(run[0].lower)}{there}{back}z"


def _name(layout: Layout, name: str, place: int, pieces: Sequence[_Piece]) -> list[Markup]:
    """Write a version's name where it gave most of the answers, if there is room."""
    thick = [piece for piece in pieces if piece.lower - piece.upper > HEIGHT * 0.6]
    if not thick or thick[-1].right - thick[0].left < layout.room(name) + 8:
        return []
    middle = (thick[0].left + thick[-1].right) / 2
    y = HEIGHT / 2 + layout.size * 0.36
    return [words(middle, y, name, f"on-version-{place}", middle=True)]
