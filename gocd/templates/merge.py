"""Two texts that came of one, put together line by line where they do not contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

Lines = Sequence[str]


@dataclass(frozen=True)
class Change:
    """*lines* in place of those from *start* to *end* of the text that was; *at*, in the text that is."""

    start: int
    end: int
    lines: tuple[str, ...]
    at: int

    def meets(self, other: Change) -> bool:
        """Whether both are about the same lines; lines put in at one place stand one after the other."""
        return self.start < other.end and other.start < self.end

    def equals(self, other: Change) -> bool:
        return (self.start, self.end, self.lines) == (other.start, other.end, other.lines)


@dataclass(frozen=True)
class Merged:
    """The text with both's changes.

    Args:
        kept: How many changes of the one are in it that the other does not make as well.
        clashes: Changes of the one that contradict one of the other's; with any there is no text.
    """

    lines: Lines
    kept: int
    clashes: Sequence[Change]


def merge(base: Lines, one: Lines, other: Lines) -> Merged:
    """Put together what became of *base* in *one* and in *other*, whose new lines come first at one place."""
    others = list(_changes(base, other))
    own = [each for each in _changes(base, one) if not any(each.equals(also) for also in others)]
    clashes = [each for each in own if any(each.meets(also) for also in others)]
    if clashes:
        return Merged((), 0, clashes)
    lines: list[str] = []
    at = 0
    for change in sorted([*others, *own], key=lambda each: (each.start, each.end)):
        lines += [*base[at : change.start], *change.lines]
        at = change.end
    return Merged([*lines, *base[at:]], len(own), ())


def _changes(before: Lines, after: Lines) -> Iterator[Change]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, at, until in matcher.get_opcodes():
        if kind != "equal":
            yield Change(start, end, tuple(after[at:until]), at)
