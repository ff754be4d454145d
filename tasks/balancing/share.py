"""A number of servers: a count, or a percentage of all there are."""

import re
from dataclasses import dataclass

from tasks.running.errors import Refused


@dataclass(frozen=True)
class Share:
    """So many, or so many of a hundred if *percent*."""

    number: int
    percent: bool


def parse_share(option: str, text: str, count: str, percentage: str, *, least: int = 0) -> Share:
    """Read a whole number, or a percentage such as ``33%``.

    Args:
        option: What takes it, for the message.
        count, percentage: An example of either, for the message.

    Raises:
        Refused: It is neither, or less than *least*, or more than 100 %.
    """
    match = re.fullmatch(r"([0-9]{1,9})(%?)", text.strip())
    if not match or int(match[1]) < least or (match[2] and int(match[1]) > 100):
        raise Refused(
            f"{option} takes a count such as {count} or a percentage such as {percentage}, not {text}"
        )
    return Share(int(match[1]), bool(match[2]))
