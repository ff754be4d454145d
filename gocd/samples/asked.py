"""The time that traffic was asked to cover, held against the time in which it was sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gocd.samples.measurement import Measurement

# The part of the time asked for that may be missing, and the s that always may: a pause between two requests.
MISSING, LEAST_MISSING_S = 0.1, 2.0
# The s of it that are no gap where JMeter keeps the time: it counts from before its threads send anything,
# and on a busy machine they load what they need for as long.
LEAST_FREE_S, MOST_FREE_S = 3.0, 5.0
# Requests that are seldom sent leave as much of the pause between two of them, and never more than half.
_PAUSES, _HALF = 1.5, 0.5


@dataclass(frozen=True)
class Asked:
    """The stretch of time that traffic was to cover.

    Whoever starts and ends the traffic knows both ends: say, when the first request had been answered and
    when the order to end was given, or now for a verdict on what was sent so far.

    Args:
        from_s: When it was to begin, in s since 1970.
        to_s: When it was to end.
        free_s: How much of its end may be missing, and is no gap.
    """

    from_s: float
    to_s: float
    free_s: float = 0.0

    @property
    def duration_s(self) -> float:
        return max(0.0, self.to_s - self.from_s)


def asked_for(duration_s: float, from_s: float) -> Asked:
    """Return what a plan's ``duration`` asks for, which counts from its first request on."""
    return Asked(from_s, from_s + duration_s, max(LEAST_FREE_S, min(MISSING * duration_s, MOST_FREE_S)))


def covering(measurement: Measurement, asked: Asked) -> Measurement:
    """Return *measurement* with the time before its first or after its last success as a gap, if longer."""
    first, last = measurement.first_success_at, measurement.last_success_at
    if first is None or last is None:
        longest, began = asked.duration_s, asked.from_s
    else:
        longest, began = max((first - asked.from_s, asked.from_s), (asked.to_s - asked.free_s - last, last))
    if measurement.first_at is None or longest <= measurement.longest_gap_s:
        return measurement
    return replace(
        measurement, longest_gap_s=round(longest, 3), gap_began_s=round(began - measurement.first_at, 3)
    )


def covered_s(measurement: Measurement, asked: Asked) -> float:
    """Return for how long of the time *asked* for there was traffic, from its first request to its end."""
    if measurement.first_at is None or measurement.last_at is None:
        return 0.0
    return max(0.0, min(measurement.last_at, asked.to_s) - max(measurement.first_at, asked.from_s))


def needed_s(measurement: Measurement, asked: Asked) -> float:
    """Return how long must be covered at the least, or the run was much shorter than was asked."""
    pause = min(_PAUSES * measurement.longest_gap_s, _HALF * asked.duration_s)
    return max(0.0, asked.duration_s - max(MISSING * asked.duration_s, LEAST_MISSING_S, asked.free_s, pause))
