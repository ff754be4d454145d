"""What JMeter replaces in a plan's texts: ``${name}`` and ``${__function(arguments)}``, also nested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SPECIAL = re.compile(r"\\([$,\\])|\$\{")
_NAME = re.compile(r"([^(}]*)([(}])")


@dataclass(frozen=True)
class Reference:
    """A variable, or a call of a function with its *arguments* as they are written."""

    name: str
    arguments: tuple[str, ...] | None = None


def parts(text: str) -> Iterator[str | Reference]:
    """Yield what is replaced in *text*, outermost only, and the rest as it stands.

    Source: JMeter's FunctionParser.java; what is not closed it leaves as it is.
    """
    plain: list[str] = []
    at = 0
    while special := _SPECIAL.search(text, at):
        plain.append(text[at : special.start()])
        if special[0] != "${":
            plain.append(special[1])
            at = special.end()
            continue
        found, at = _reference(text, special.end())
        if isinstance(found, Reference):
            yield from filter(None, ["".join(plain)])
            plain.clear()
            yield found
        else:
            plain.append(found)
    yield from filter(None, ["".join(plain) + text[at:]])


def _reference(text: str, start: int) -> tuple[Reference | str, int]:
    """Return what begins at *start*, behind the brace, and where the text goes on."""
    name = _NAME.match(text, start)
    if name is None:
        return text[start - 2 :], len(text)
    if name[2] == "}":
        return Reference(name[1].strip()), name.end()
    arguments, end = _arguments(text, name.end())
    if not text.startswith("}", end):
        return text[start - 2 : end], end
    return Reference(name[1].strip(), arguments), end + 1


def _arguments(text: str, start: int) -> tuple[tuple[str, ...], int]:
    """Return the arguments from *start* on, and the place behind the parenthesis that closes them."""
    found: list[str] = []
    begun = at = start
    # Of calls within the arguments, and of parentheses that are a script's own.
    calls = parentheses = 0
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == "$" and text.startswith("{", at + 1):
            calls, at = calls + 1, at + 1
        elif letter == "}" and calls:
            calls -= 1
        elif not calls and letter == "(":
            parentheses += 1
        elif not calls and letter == ")" and parentheses:
            parentheses -= 1
        elif not calls and letter in ",)":
            found.append(text[begun:at])
            begun = at + 1
            if letter == ")":
                return tuple(found), at + 1
        at += 1
    return (), len(text)
