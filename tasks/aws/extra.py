"""One thing beside an Auto Scaling group that a clone of it does not have yet."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Extra:
    """What it is, in words, and how it is made; safe to repeat."""

    words: str
    make: Callable[[], None]
