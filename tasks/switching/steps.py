"""The shares that green is given one after the other."""

from gocd.numbers import whole
from tasks.running.errors import Refused

USUAL = "10,50,100"


def parse_steps(text: str) -> tuple[int, ...]:
    """Read ``--steps``: percentages, each more than the one before.

    Raises:
        Refused: They are something else.
    """
    steps = [whole(part.strip().removesuffix("%")) for part in text.split(",")]
    known = tuple(int(step) for step in steps if step is not None and 1 <= step <= 100)
    if len(known) < len(steps) or list(known) != sorted(set(known)):
        raise Refused(f"--steps takes percentages from 1 to 100, each more than the last, not {text!r}")
    return known
