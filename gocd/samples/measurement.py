"""What traffic went through: lost requests, gaps, latencies, versions; in all, by label and by second."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from gocd.samples.addresses import addresses_of
from gocd.samples.figures import Figures, Tally
from gocd.samples.jtl import JtlReader, Outcome
from gocd.samples.latencies import Latencies
from gocd.samples.same_records import same_records
from gocd.samples.successes import Successes
from gocd.samples.version_spans import VersionSpan, VersionsSeen

# A plan that puts a number into every label must not fill the memory; all further ones are one.
MOST_LABELS = 1000
FURTHER_LABELS = "(further labels)"


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
class FileRead:
    """One result file; ``cut_off_line`` is where it breaks off, if it does.

    ``same_as`` is another of the files that holds the same record, which counts once.
    """

    path: str
    samples: int
    cut_off_line: int | None
    same_as: str | None = None


@dataclass(frozen=True, kw_only=True)
class Measurement(Figures):
    """All that is known of the traffic, its own figures first.

    ``versions`` goes without a hole from the first request to the end; ``seconds`` has only those seconds in
    which a request was due. ``truncated`` says that a file's last line was not finished and is left out.
    ``labels`` has the figures of each label; a transaction that repeats requests is counted only there.
    ``addresses`` are where the first requests went to, as far as they are named.
    """

    versions: tuple[VersionSpan, ...]
    requests_per_version: dict[str, int]
    seconds: tuple[Second, ...]
    truncated: bool
    labels: Mapping[str, Figures] = field(default_factory=dict)
    files: tuple[FileRead, ...] = ()
    addresses: tuple[str, ...] = ()

    def own(self) -> Figures:
        """Return the figures of all samples, without the rest."""
        return Figures(**{each.name: getattr(self, each.name) for each in fields(Figures)})

    def as_dict(self) -> dict[str, object]:
        """Return all of it as JSON knows it; sets become sorted lists."""
        values = super().as_dict()
        values["versions"] = [
            {"from_s": span.from_s, "to_s": span.to_s, "versions": sorted(span.versions)}
            for span in self.versions
        ]
        values["labels"] = {label: figures.as_dict() for label, figures in self.labels.items()}
        return values


def measure(*jtls: Path, gaps_from: float | None = None) -> Measurement:
    """Read files of one run, finished or still being written, in memory that grows with its seconds only.

    Several files, of load from several machines, are read side by side by time; a record that is given twice
    counts once. The order of samples within a file makes no difference to the figures of all.

    Args:
        gaps_from: When gaps begin to count, seconds since 1970; by default with the first request.

    Raises:
        UnreadableJtl: A file is not a JTL.
        OSError: A file cannot be read.
    """
    same = same_records(jtls)
    readers = [JtlReader(path) for path, twin in zip(jtls, same, strict=True) if twin is None]
    tally = _Tally(math.floor((gaps_from or 0) * 1000))
    tally.add_all(readers[0] if len(readers) == 1 else heapq.merge(*readers, key=_ended))
    reading = iter(readers)
    files = [
        _file_read(next(reading)) if twin is None else FileRead(str(path), 0, None, str(twin))
        for path, twin in zip(jtls, same, strict=True)
    ]
    return replace(tally.measurement(files), addresses=addresses_of(jtls))


def _file_read(reader: JtlReader) -> FileRead:
    return FileRead(str(reader.path), reader.samples, reader.cut_off_line)


def _ended(outcome: Outcome) -> int:
    return outcome.due_ms + outcome.elapsed_ms


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
    def __init__(self, gaps_from_ms: int) -> None:
        # Its seconds are kept anyway.
        self._all = Tally(successes=Successes(), gaps_from_ms=gaps_from_ms)
        self._gaps_from_ms = gaps_from_ms
        self._labels: dict[str, Tally] = {}
        self._versions = VersionsSeen()
        self._seconds: dict[int, _SecondTally] = {}

    def add_all(self, outcomes: Iterable[Outcome]) -> None:
        for due_ms, elapsed_ms, lost_to, version, label, repeats, samples in outcomes:
            of_label = self._labels.get(label)
            if of_label is None:
                of_label = self._label(label)
            of_label.add(due_ms, elapsed_ms, lost_to, samples)
            if repeats:
                continue
            self._all.add(due_ms, elapsed_ms, lost_to, samples)
            at = due_ms // 1000
            second = self._seconds.get(at)
            if second is None:
                second = self._seconds[at] = _SecondTally()
            if lost_to:
                second.lost += samples
            elif samples == 1:
                second.latencies.add(elapsed_ms)
            else:
                second.latencies.add_unknown(samples)
            if version:
                counted_as = self._versions.name(version)
                self._versions.add(counted_as, due_ms + elapsed_ms)
                second.versions[counted_as] = second.versions.get(counted_as, 0) + samples

    def _label(self, label: str) -> Tally:
        known = label if len(self._labels) < MOST_LABELS else FURTHER_LABELS
        return self._labels.setdefault(known, Tally(gaps_from_ms=self._gaps_from_ms))

    def measurement(self, files: Sequence[FileRead]) -> Measurement:
        began = self._all.first_ms or 0
        figures = self._all.figures(began)
        return Measurement(
            **{each.name: getattr(figures, each.name) for each in fields(Figures)},
            versions=self._versions.spans(began, self._all.last_ms),
            requests_per_version=self._versions.requests,
            seconds=tuple(tally.as_second(at) for at, tally in sorted(self._seconds.items())),
            truncated=any(each.cut_off_line is not None for each in files),
            labels={label: tally.figures(began) for label, tally in sorted(self._labels.items())},
            files=tuple(files),
        )
