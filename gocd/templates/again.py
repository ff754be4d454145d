"""A file made from a template, for the first time or once more; what was changed by hand is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gocd.errors import GoCDError
from gocd.shown import shown
from gocd.templates.merge import Change, merge
from gocd.templates.record import recorded
from gocd.templates.text import parameters_of, text_of
from gocd.templates.values import Values


@dataclass(frozen=True)
class Made:
    """The file as it is to be.

    Args:
        values: All that it is made of, those of the file that there was among them.
        kept: How many places were changed by hand, and are as they were.
    """

    values: Values
    text: str
    kept: int = 0


def make(asked: Values, before: str | None, *, anew: bool) -> Made:
    """Make the file of *asked*; what it does not say is as it was *before*, with the text of a file.

    Where the template has changed since, what the file has of it counts as changed by hand.

    Args:
        anew: Without what was changed by hand.

    Raises:
        GoCDError: Before is a file of somebody else's, or contradicts what is asked for.
    """
    if before is None:
        return Made(asked, text_of(asked))
    was = _known(asked, before, anew=anew)
    values = _over(asked, was) if was else asked
    text = text_of(values)
    if anew or was is None:
        return Made(values, text)
    lines = before.replace("\r\n", "\n").split("\n")
    merged = merge(text_of(was).split("\n"), lines, text.split("\n"))
    if merged.clashes:
        raise GoCDError(_told(merged.clashes, lines))
    end = "\r\n" if "\r\n" in before else "\n"
    return Made(values, end.join(merged.lines), merged.kept)


def _known(asked: Values, before: str, *, anew: bool) -> Values | None:
    """What the file was made with; None if that does not count, as it is made anew."""
    try:
        was = recorded(before.replace("\r\n", "\n"))
    except GoCDError:
        if anew:
            return None
        raise
    if was is None:
        raise GoCDError("it was not made by pipeline new, as no line of it begins with '# Made with:'")
    if was.template == asked.template:
        return was
    if anew:
        return None
    raise GoCDError(f"it was made from the template {was.template}, not from {asked.template}")


def _over(asked: Values, was: Values) -> Values:
    """What is *asked*, and what *was* said where that says nothing and the file still has a place for it."""
    values = asked.over(was)
    there = parameters_of(replace(values, parameters={}))
    kept = {name: value for name, value in was.parameters.items() if name in there}
    return replace(values, parameters={**kept, **asked.parameters})


def _told(clashes: Sequence[Change], lines: Sequence[str]) -> str:
    """Which lines would be lost."""
    first, more = clashes[0], len(clashes) - 1
    place = f"line {first.at + 1}"
    what = f"'{shown(lines[first.at].strip(), most=100)}'" if first.lines else "where lines were taken out"
    others = f", and {more} more such place{'s' if more > 1 else ''}," if more else ""
    return f"{place} ({what}) was changed by hand{others} and what is asked for would change it as well"
