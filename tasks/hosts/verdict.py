"""What a script says of how it went: behind a mark that nothing on its host but the script knows."""

import re
import secrets


def new_mark() -> str:
    """Return a mark for one command, to be given to its script as a value."""
    return f"{secrets.token_hex(8)} "


def marked(said: str, mark: str) -> list[str]:
    """Return the parts of the last line of *said* that has the mark, each without it; none if none has.

    What has no mark is no verdict: a release, its restart and its files can print whatever they like.
    """
    lines = [line for line in re.split(r"[\r\n]+", said) if mark in line]
    # Whatever was printed before may have left its line open.
    return [part.removesuffix("; ") for part in lines[-1].split(mark)[1:]] if lines else []
