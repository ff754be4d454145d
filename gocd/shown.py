"""The gate for whatever is shown to a person: on a line, in an event, on a page.

Names and messages of others are in all of them, and may hold anything.
"""

from __future__ import annotations

from collections.abc import Collection

from gocd.secrets import hidden

# Characters of a line; a list of some hundred servers is shown whole.
LONGEST = 10_000

# Letters by their category, and yet nothing that anybody sees (Unicode, Default_Ignorable_Code_Point).
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def shown(text: str, secrets: Collection[str] = (), most: int = LONGEST) -> str:
    """Return *text* as one line of characters that can be seen, of no more than *most*, without *secrets*.

    A line's end is a blank; what else could move a cursor, turn the direction of a line or pass for nothing
    is written as in Python's own strings.
    """
    # What is left out in the end need not be searched through.
    return bounded(printable(hidden(bounded(text, 10 * most), secrets)), most)


def shown_lines(text: str, secrets: Collection[str] = ()) -> str:
    """Return the lines of *text*, each of them as one that is shown."""
    return "\n".join(shown(line, secrets) for line in bounded(text, 10 * LONGEST).split("\n"))


def printable(text: str) -> str:
    """Return *text* on one line, with nothing in it that is not seen."""
    if text.isprintable() and _INVISIBLE.isdisjoint(text):
        return text
    return "".join(map(_seen, text))


def bounded(text: str, most: int = LONGEST) -> str:
    """Return *text* with its middle left out if it is longer than *most*: how it ends is what to do next."""
    if len(text) <= most:
        return text
    gap = f" ... {len(text) - most:,} characters ... "
    end = most // 4
    return f"{text[: most - end - len(gap)]}{gap}{text[-end:]}"


def _seen(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    if character.isspace():
        return " "
    return (
        character.encode("ascii", "backslashreplace").decode()
        if character > "\x7f"
        else f"\\x{ord(character):02x}"
    )
