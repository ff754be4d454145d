"""The figures of one label, or of all samples: losses, the longest gap, latencies, throughput."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from gocd.samples.latencies import Latencies
from gocd.samples.successes import Successes

# A label's moments are kept for as long as a load generator holds them back by default, and again.
KEPT_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is known of samples; ``..._at`` are seconds since 1970, ``..._s`` seconds that passed.

    ``longest_gap_s`` is the longest time in which no request succeeded. Its marks are the time the first
    request was due, every time at which a successful answer was complete, and the time at which the last
    request of all was answered or lost; the gap is the longest distance between two marks in a row, to 1 ms.
    So without a success it is the whole time. ``gap_began_s`` is counted from the first request of all. Where
    gaps count from a later moment on, that moment is the first mark.

    Latencies are of succeeded requests only, from the time each was due to the end of its answer, in ms;
    ``max_ms`` is exact, percentiles are exact below 1,000 ms and at most 0.5 % off above; None if the record
    has sums of many samples, which do not tell how long each took.
    """

    sent: int
    succeeded: int
    lost: int
    lost_by_kind: dict[str, int]
    longest_gap_s: float
    gap_began_s: float
    p50_ms: int | None
    p90_ms: int | None = None
    p95_ms: int | None
    p99_ms: int | None
    max_ms: int | None = None
    first_at: float | None
    last_at: float | None
    first_success_at: float | None = None
    last_success_at: float | None = None

    @property
    def duration_s(self) -> float:
        """From the time the first request was due to the end of the last."""
        return 0.0 if self.first_at is None or self.last_at is None else self.last_at - self.first_at

    @property
    def error_rate(self) -> float | None:
        """The part that was lost, in percent; None without samples."""
        return 100 * self.lost / self.sent if self.sent else None

    @property
    def throughput(self) -> float | None:
        """Requests per second that succeeded; None where no time passed."""
        return self.succeeded / self.duration_s if self.duration_s else None

    def as_dict(self) -> dict[str, object]:
        """Return all of it as JSON knows it."""
        return asdict(self) | {
            "duration_s": round(self.duration_s, 3),
            "error_rate": _rounded(self.error_rate),
            "throughput": _rounded(self.throughput),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


@dataclass
class Tally:
    """Counts towards figures; a few numbers, however many samples.

    Args:
        gaps_from_ms: When gaps begin to count.
    """

    latencies: Latencies = field(default_factory=Latencies)
    lost: dict[str, int] = field(default_factory=dict)
    first_ms: int | None = None
    last_ms: int = 0
    successes: Successes = field(default_factory=lambda: Successes(KEPT_SECONDS))
    gaps_from_ms: int = 0

    def add(self, due_ms: int, elapsed_ms: int, lost_to: str, samples: int = 1) -> None:
        """Count *samples* of one kind, in whatever order they come."""
        ended_ms = due_ms + elapsed_ms
        first_ms = self.first_ms
        if first_ms is None or due_ms < first_ms:
            self.first_ms = due_ms
        self.last_ms = max(self.last_ms, ended_ms)
        if lost_to:
            self.lost[lost_to] = self.lost.get(lost_to, 0) + samples
            return
        if samples == 1:
            self.latencies.add(elapsed_ms)
        else:
            self.latencies.add_unknown(samples)
        if ended_ms >= self.gaps_from_ms:
            self.successes.add(ended_ms)

    def figures(self, origin_ms: int) -> Figures:
        """Return the figures; *origin_ms* is when the first request of all was due."""
        began = origin_ms if self.first_ms is None else self.first_ms
        counted_from = max(began, self.gaps_from_ms)
        first, latest = self.successes.first_ms, self.successes.last_ms
        gap = (max(0, self.last_ms - counted_from), counted_from)
        if first is not None and latest is not None:
            # Without a success the whole time is one gap.
            edges = (first - counted_from, counted_from), (self.last_ms - latest, latest)
            gap = max(self.successes.longest_gap(), *edges)
        lost = sum(self.lost.values())
        latencies = self.latencies
        nothing = self.first_ms is None
        return Figures(
            sent=latencies.total + lost,
            succeeded=latencies.total,
            lost=lost,
            lost_by_kind=dict(sorted(self.lost.items(), key=lambda kind: -kind[1])),
            longest_gap_s=0.0 if nothing else gap[0] / 1000,
            gap_began_s=0.0 if nothing or not gap[0] else (gap[1] - origin_ms) / 1000,
            p50_ms=latencies.percentile(50),
            p90_ms=latencies.percentile(90),
            p95_ms=latencies.percentile(95),
            p99_ms=latencies.percentile(99),
            max_ms=latencies.longest,
            first_at=None if nothing else began / 1000,
            last_at=None if nothing else self.last_ms / 1000,
            first_success_at=None if first is None else first / 1000,
            last_success_at=None if latest is None else latest / 1000,
        )
