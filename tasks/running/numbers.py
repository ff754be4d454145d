"""Numbers on their way in: finite, within limits, and refused in the words of their unit."""

from dataclasses import dataclass

import typer

from gocd.numbers import decimal, number, whole
from tasks.running.quoting import clipped

# What nobody means: seconds in a week, as of a lock that a run holds, and a billion of anything else.
WEEK, MOST = 604_800, 1e9

# Characters that are shown of what was given.
SHOWN = 40


class NotTaken(typer.BadParameter):
    """A value that an option does not take; its message goes on from the option's name."""

    def format_message(self) -> str:
        return f"{self.param_hint} {self.message}"


@dataclass(frozen=True)
class Number:
    """What an option takes: a finite number of *unit*, from *at_least* to *at_most*.

    Args:
        whole: Only whole numbers make sense.
    """

    unit: str
    at_least: float = 0
    at_most: float = MOST
    whole: bool = False

    @property
    def limits(self) -> str:
        return self._said(most=self.at_most not in (WEEK, MOST))

    def _said(self, most: bool) -> str:
        least = f"{self.at_least:.15g}"
        return f"{least} to {self.at_most:.15g}" if most else f"{least} or more"

    @property
    def metavar(self) -> str:
        return self.unit.upper() if self.unit.isalpha() else "NUMBER"

    def described(self, text: str) -> str:
        """Return the help *text* with its limits, where they do not go without saying."""
        return text if self.limits == "0 or more" else f"{text.rstrip('.')}; {self.limits}."

    def read(self, given: str | float) -> float:
        """Return what was *given* as a number.

        Raises:
            NotTaken: It is none, or not one of these.
        """
        known = number(given)
        if isinstance(given, str):
            known = whole(given.strip()) if self.whole else decimal(given.strip())
        if known is not None and self.at_least <= known <= self.at_most:
            return int(known) if self.whole else known
        over = known is not None and known > self.at_most
        limits = self._said(most=True) if over else self.limits
        raise NotTaken(f"takes {self.unit}, {limits}, not {clipped(repr(given), SHOWN)}")


def seconds(at_least: float = 0, at_most: float = WEEK) -> Number:
    return Number("seconds", at_least, at_most)


def count(at_least: int = 0, at_most: float = MOST) -> Number:
    return Number("a whole number", at_least, at_most, whole=True)


def rate(at_least: float = 0, at_most: float = MOST) -> Number:
    return Number("requests per second", at_least, at_most)


MILLISECONDS = Number("milliseconds")
PERCENT = Number("percent", at_most=100)
