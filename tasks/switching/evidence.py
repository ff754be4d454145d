"""What tells whether users are well on green: a command of the site's own, what a URL answers."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from tasks.running.errors import Refused, TimedOut
from tasks.running.site_program import SiteProgram, ending_of
from tasks.running.waiting import Wait
from tasks.status.check import ask_once, find_check
from tasks.status.placeholders import fill

# Seconds that a check of the site's own may take.
LONGEST = 900.0

# Asked at the end of a step, told its share; returns what is wrong.
AtShare = Callable[[int], str | None]


def of_command(text: str, blue: str, green: str, wait: Wait) -> AtShare:
    """Return what runs a command, its words filled in as whole arguments: no shell sees them.

    Raises:
        Refused: There is no such command, or a name in braces that is not known.
    """
    reading = shlex.shlex(text, posix=True, punctuation_chars=False)
    reading.whitespace_split, reading.commenters = True, ""
    # There a path has backslashes in it.
    reading.escape = "" if sys.platform == "win32" else reading.escape
    try:
        words = list(reading)
    except ValueError as problem:
        raise Refused(f"--check {text!r} cannot be read ({problem})") from None
    program = SiteProgram(words, "--check")

    def filled(share: int) -> list[str]:
        values = {"share": str(share), "green": green, "blue": blue}
        return [fill(word, values) for word in words]

    filled(0)

    def check(share: int) -> str | None:
        name = Path(words[0]).name
        try:
            code = program.run(filled(share), f"{green}: checking with {name}", wait, LONGEST)
        except TimedOut as late:
            return late.what
        return f"{name} {ending_of(code)}" if code else None

    return check


def of_url(url: str) -> AtShare:
    """Return what asks a URL once.

    Raises:
        Refused: It is none that can be asked.
    """
    check = find_check(url)

    def asked(_: int) -> str | None:
        missing = ask_once(check)
        return f"{url} {missing}" if missing else None

    return asked
