"""The traffic of one JTL: what it went through, and the first of its requests that were lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from gocd.report.intervals import Interval, union
from gocd.samples.jtl import JtlReader, Outcome
from gocd.samples.measurement import Measurement, measure

# As many lost requests as a person reads.
FIRST = 50


@dataclass(frozen=True)
class Traffic:
    """What one JTL says.

    Args:
        name: Of the file, for a person.
        lost: The first lost requests, at most ``FIRST``.
        own_delay: Whether gaps may be the sender's own, so that each is only the most that it can have been.
    """

    name: str
    measurement: Measurement
    lost: tuple[Outcome, ...] = ()
    own_delay: bool = False

    @property
    def interval(self) -> Interval | None:
        """When it was sent, in seconds since 1970; None if nothing was."""
        first, last = self.measurement.first_at, self.measurement.last_at
        return None if first is None or last is None else (first, last)


def read_traffic(jtl: Path) -> Traffic:
    """Measure *jtl* and find its first lost requests.

    Raises:
        UnreadableJtl: It is not a JTL.
        OSError: It cannot be read.
    """
    measurement = measure(jtl)
    # A second reading, up to the last that is shown; in the usual case of no loss there is none.
    return Traffic(str(jtl), measurement, first_lost(jtl) if measurement.lost else ())


def first_lost(jtl: Path) -> tuple[Outcome, ...]:
    """Return the first lost requests of *jtl*, at most ``FIRST``.

    Raises:
        UnreadableJtl: It is not a JTL.
        OSError: It cannot be read.
    """
    return tuple(islice((each for each in JtlReader(jtl) if each.lost_to and not each.repeats), FIRST))


def measured(traffic: Iterable[Traffic]) -> list[Interval]:
    """Return the stretches of time in which any of it was sent."""
    return union(each.interval for each in traffic if each.interval)
