"""Text of other programs', shown in lines that cannot pass for ours."""

import re
from collections.abc import Iterable, Sequence

from tasks.running.log import Log

# Lines of another's log that are worth a place in GoCD's, and characters of each.
SHOWN_LINES, SHOWN_WIDTH = 20, 300

# What an output holds besides text, such as colours, has no place in a log.
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def show_tail(lines: Sequence[str], name: str, log: Log) -> None:
    """Show the last of another program's lines, as what *name* said."""
    if len(lines) > SHOWN_LINES:
        log.say(f"{name}: | ... {len(lines) - SHOWN_LINES} lines before these")
    for line in lines[-SHOWN_LINES:]:
        log.say(f"{name}: | {line}")


def lines_of(text: str) -> list[str]:
    """Return the lines of another program's output that say something, each fit for a log."""
    plain = ESCAPES.sub("", text)
    return [line for each in re.split(r"[\r\n]+", plain) if (line := one_line(each))]


def one_line(text: str) -> str:
    """The *text* as one line that no control character of a script's can make look like another."""
    return clipped("".join(each if each.isprintable() else " " for each in text).rstrip())


def clipped(line: str, most: int = SHOWN_WIDTH) -> str:
    """Return *line*, no longer than *most* characters."""
    return line if len(line) <= most else f"{line[: most - 3]}..."


def listed(names: Iterable[str], most: int, between: str = ", ") -> str:
    """Name them in one line, no more than *most* of them, and say how many more there are."""
    names = list(names)
    if len(names) <= most:
        return between.join(names)
    return f"{between.join(names[: most - 1])} and {len(names) - most + 1} more"
