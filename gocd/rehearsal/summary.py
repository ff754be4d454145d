"""The end of a rehearsal in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gocd.rehearsal.load.lateness import Lateness
from gocd.samples.measurement import Measurement
from gocd.samples.version_spans import VersionSpan

# Seconds between two looks in which an instance may be gone and back.
UNSEEN = 1.0


@dataclass(frozen=True)
class TaskRow:
    """One task that ran; *status* is GoCD's word for its end, *remark* may be empty."""

    stage: str
    job: str
    task: str
    seconds: float
    status: str
    remark: str = ""


@dataclass(frozen=True)
class Capacity:
    """The lowest number of healthy instances seen, and how many there are.

    Args:
        apart_s: The longest time between two looks.
    """

    lowest: int
    of: int
    apart_s: float = 0.0

    @property
    def words(self) -> str:
        missed = f", as far as looks {_seconds(self.apart_s)} apart see" if self.apart_s > UNSEEN else ""
        return f"never fewer than {self.lowest} healthy of {self.of}{missed}"


def losses(measurement: Measurement) -> str:
    """Return the sentence that says how many requests were lost, and to what."""
    if not measurement.sent:
        return "No request was sent, so nothing is proven."
    if not measurement.lost:
        return "No request was lost."
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in measurement.lost_by_kind.items())
    return f"{measurement.lost:,} request{' was' if measurement.lost == 1 else 's were'} lost: {kinds}."


def as_json(
    measurement: Measurement,
    tasks: Sequence[TaskRow],
    capacity: Capacity | None = None,
    *,
    verdict: str | None = None,
    report: str | None = None,
    lateness: Lateness | None = None,
) -> str:
    """Return the same as a JSON object, schema 1; a later schema may add names but not change these.

    ``schema`` 1; ``verdict`` a sentence; ``requests`` the ``Measurement`` by its own names; ``tasks`` a list
    of ``TaskRow`` by its own names, in the order they ran; ``capacity`` ``{"lowest": n, "of": n}`` or null;
    ``report`` a path or null; ``late`` ``{"share_ms": n, "requests": n, "late_ms": n}`` or null.
    """
    summary = {
        "schema": 1,
        "verdict": verdict or losses(measurement),
        "requests": measurement.as_dict(),
        "tasks": [asdict(row) for row in tasks],
        "capacity": capacity and {"lowest": capacity.lowest, "of": capacity.of},
        "report": report,
        "late": lateness and asdict(lateness),
    }
    return json.dumps(summary, indent=2) + "\n"


def versions_over_time(spans: Sequence[VersionSpan]) -> str:
    """Return the spans as words: ``1.0 until 14 s, both until 31 s, 2.0 from then on``."""
    everyone = frozenset[str]().union(*(span.versions for span in spans))

    def named(versions: frozenset[str]) -> str:
        if len(versions) == 2 and versions == everyone:
            return "both"
        return " and ".join(sorted(versions)) or "none"

    if len(spans) == 1:
        return f"{named(spans[0].versions)} all the way"
    *earlier, last = spans
    until = [f"{named(span.versions)} until {_seconds(span.to_s)}" for span in earlier]
    return ", ".join([*until, f"{named(last.versions)} from then on"])


def figures(
    measurement: Measurement,
    capacity: Capacity | None = None,
    report: str | None = None,
    lateness: Lateness | None = None,
) -> list[str]:
    """Return what was measured, line by line."""
    late = lateness if lateness and lateness.requests else None
    told = [
        f"requests   {measurement.sent:,} sent   {measurement.lost:,} lost   "
        f"longest gap {'at most ' if late else ''}{_duration(measurement.longest_gap_s)}"
    ]
    known = late.without_untrue(measurement) if late else measurement
    ranks = (("p50", known.p50_ms), ("p95", known.p95_ms), ("p99", known.p99_ms))
    latencies = [f"{rank} {ms:,} ms" for rank, ms in ranks if ms is not None]
    if latencies and measurement.succeeded:
        told.append(f"latency    {'   '.join(latencies)}")
    if late:
        told.append(f"late       {late.sentence(measurement.sent)}")
    if measurement.truncated:
        told.append("record     cut off in its last line; what came after it is not counted")
    if measurement.requests_per_version:
        told.append(f"versions   {versions_over_time(measurement.versions)}")
    if capacity:
        told.append(f"capacity   {capacity.words}")
    if report:
        told.append(f"report     {report}")
    return told


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:,.0f} s"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"
