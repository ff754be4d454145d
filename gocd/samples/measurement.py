"""What the traffic of a rehearsal went through: lost requests, gaps, latencies, versions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from gocd.samples.jtl import JtlReader, Outcome
from gocd.samples.latencies import Latencies
from gocd.samples.version_spans import VersionSpan, VersionsSeen


@dataclass(frozen=True)
class Second:
    """What became of the requests due in one second of the clock, ``at`` seconds since 1970.

    ``p95_ms`` is of those that succeeded; ``versions`` counts the answers that named one.
    """

    at: int
    sent: int
    succeeded: int
    lost: int
    p95_ms: int | None
    versions: dict[str, int]


@dataclass(frozen=True)
class Measurement:
    """All that is known of the traffic; ``..._at`` are seconds since 1970, ``..._s`` seconds that passed.

    ``longest_gap_s`` is the longest time in which no request succeeded. Its marks are the time the first
    request was due, every time at which a successful answer was complete, and the time at which the last
    request of all was answered or lost; the gap is the longest distance between two marks in a row, to 1 ms.
    So without a success it is the whole time. ``gap_began_s`` is counted from the first request.

    Latencies are of succeeded requests only, from the time each was due to the end of its answer, in ms;
    exact below 1,000 ms and at most 0.5 % off above.

    ``versions`` goes without a hole from the first request to the end; ``seconds`` has only those seconds in
    which a request was due. ``truncated`` says that the last line was not finished and is left out.
    """

    sent: int
    succeeded: int
    lost: int
    lost_by_kind: dict[str, int]
    longest_gap_s: float
    gap_began_s: float
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    first_at: float | None
    last_at: float | None
    versions: tuple[VersionSpan, ...]
    requests_per_version: dict[str, int]
    seconds: tuple[Second, ...]
    truncated: bool

    @property
    def duration_s(self) -> float:
        """From the time the first request was due to the end of the last."""
        return 0.0 if self.first_at is None or self.last_at is None else self.last_at - self.first_at

    def as_dict(self) -> dict[str, object]:
        """Return all of it as JSON knows it; sets become sorted lists."""
        values = asdict(self) | {"duration_s": round(self.duration_s, 3)}
        values["versions"] = [
            {"from_s": span.from_s, "to_s": span.to_s, "versions": sorted(span.versions)}
            for span in self.versions
        ]
        return values


def measure(jtl: Path) -> Measurement:
    """Read *jtl*, finished or still being written, in memory that grows with its seconds, not its requests.

    Lines are expected in the order in which the requests ended, as the traffic writes them; disorder can only
    make a gap look longer.

    Raises:
        UnreadableJtl: it is not a JTL in CSV form.
        OSError: it cannot be read.
    """
    outcomes = JtlReader(jtl)
    tally = _Tally()
    for outcome in outcomes:
        tally.add(outcome)
    return tally.measurement(truncated=outcomes.truncated)


class _SecondTally:
    def __init__(self) -> None:
        self.lost = 0
        self.latencies = Latencies()
        self.versions: dict[str, int] = {}

    def as_second(self, at: int) -> Second:
        succeeded = self.latencies.total
        return Second(
            at, succeeded + self.lost, succeeded, self.lost, self.latencies.percentile(95), self.versions
        )


class _Tally:
    def __init__(self) -> None:
        self._lost: dict[str, int] = {}
        self._latencies = Latencies()
        self._versions = VersionsSeen()
        self._seconds: dict[int, _SecondTally] = {}
        self._first_ms: int | None = None
        self._last_ms = 0
        self._successes: tuple[int, int] | None = None
        self._gap = (0, 0)

    def add(self, outcome: Outcome) -> None:
        due_ms, elapsed_ms, lost_to, version = outcome
        ended_ms = due_ms + elapsed_ms
        self._first_ms = due_ms if self._first_ms is None else min(self._first_ms, due_ms)
        self._last_ms = max(self._last_ms, ended_ms)
        at = due_ms // 1000
        second = self._seconds.get(at)
        if second is None:
            second = self._seconds[at] = _SecondTally()
        if version:
            self._versions.add(version, ended_ms)
            second.versions[version] = second.versions.get(version, 0) + 1
        if lost_to:
            self._lost[lost_to] = self._lost.get(lost_to, 0) + 1
            second.lost += 1
            return
        self._latencies.add(elapsed_ms)
        second.latencies.add(elapsed_ms)
        first, latest = self._successes or (ended_ms, ended_ms)
        self._gap = max(self._gap, (ended_ms - latest, latest))
        self._successes = (first, max(latest, ended_ms))

    def measurement(self, *, truncated: bool) -> Measurement:
        began = self._first_ms or 0
        # Without a success the whole time is one gap.
        first, latest = self._successes or (self._last_ms, self._last_ms)
        gap = max(self._gap, (first - began, began), (self._last_ms - latest, latest))
        lost = sum(self._lost.values())
        nothing = self._first_ms is None
        return Measurement(
            sent=self._latencies.total + lost,
            succeeded=self._latencies.total,
            lost=lost,
            lost_by_kind=dict(sorted(self._lost.items(), key=lambda kind: -kind[1])),
            longest_gap_s=gap[0] / 1000,
            gap_began_s=0.0 if gap[0] == 0 else (gap[1] - began) / 1000,
            p50_ms=self._latencies.percentile(50),
            p95_ms=self._latencies.percentile(95),
            p99_ms=self._latencies.percentile(99),
            first_at=None if nothing else began / 1000,
            last_at=None if nothing else self._last_ms / 1000,
            versions=self._versions.spans(began, self._last_ms),
            requests_per_version=self._versions.requests,
            seconds=tuple(tally.as_second(at) for at, tally in sorted(self._seconds.items())),
            truncated=truncated,
        )
