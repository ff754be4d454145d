"""Numbers on their way in: finite, within limits, and refused in the words of their unit."""

import math
from dataclasses import dataclass

import typer


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
    at_most: float = math.inf
    whole: bool = False

    @property
    def limits(self) -> str:
        least = f"{self.at_least:.15g}"
        return f"{least} or more" if self.at_most == math.inf else f"{least} to {self.at_most:.15g}"

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
        try:
            number = int(given) if self.whole else float(given)
        except ValueError:
            number = math.nan
        # Nothing is more or less than nan.
        if self.at_least <= number <= self.at_most and number != math.inf:
            return number
        raise NotTaken(f"takes {self.unit}, {self.limits}, not {given!r}")


def seconds(at_least: float = 0, at_most: float = math.inf) -> Number:
    return Number("seconds", at_least, at_most)


def count(at_least: int = 0) -> Number:
    return Number("a whole number", at_least, whole=True)


def rate(at_least: float = 0) -> Number:
    return Number("requests per second", at_least)


MILLISECONDS = Number("milliseconds")
PERCENT = Number("percent", at_most=100)
