"""Whether traffic was good enough: each criterion, its limit, what was measured, and passed or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gocd.samples.addresses import named
from gocd.samples.asked import Asked, covered_s, covering, needed_s
from gocd.samples.figures import Figures
from gocd.samples.jtl import UnreadableJtl
from gocd.samples.limits import RULES, Limits, Rule, Thresholds
from gocd.samples.measurement import Measurement

RECORD, DURATION = "record", "duration"
# The worst few kinds of loss say why; the rest is in verdict.json.
_KINDS_TOLD = 3


@dataclass(frozen=True)
class Criterion:
    """One thing that had to hold.

    Args:
        name: A limit's name; ``record`` for a result file; else what had to go well.
        label: The label whose samples were judged, or None for all.
        limit: The limit, or None where there is no number to it.
        measured: What was measured, or None if nothing could be.
        unit: Of both.
        passed: Whether it held.
        message: Both in words.
    """

    name: str
    label: str | None
    limit: float | None
    measured: float | None
    unit: str
    passed: bool
    message: str

    @property
    def subject(self) -> str:
        """The message, with the label it is about."""
        return self.message if self.label is None else f"{self.label}: {self.message}"


@dataclass(frozen=True)
class Verdict:
    """The criteria, and what they were held against; None if no result file could be read."""

    criteria: tuple[Criterion, ...]
    measurement: Measurement | None

    @property
    def passed(self) -> bool:
        return all(criterion.passed for criterion in self.criteria)

    @property
    def of(self) -> str:
        """What it is of, as the beginning of a sentence: the traffic, to its addresses if they are known."""
        to = named(self.measurement.addresses) if self.measurement else ""
        return f"the traffic to {to}" if to else "the traffic"

    @property
    def failed(self) -> tuple[Criterion, ...]:
        return tuple(criterion for criterion in self.criteria if not criterion.passed)


def judge(
    measurement: Measurement | None,
    thresholds: Thresholds,
    broken: Iterable[Criterion] = (),
    asked: Asked | None = None,
) -> Verdict:
    """Hold *measurement* to *thresholds*.

    Args:
        broken: What went wrong before there was anything to measure.
        asked: The time that was to be covered: its beginning and its end without a success are gaps of all
            samples, and traffic for much less of it fails. Nobody asked if None.
    """
    criteria = list(broken)
    if measurement:
        criteria += _records(measurement)
        if asked:
            criteria.append(_coverage(measurement, asked))
            measurement = covering(measurement, asked)
        criteria += _held(measurement, thresholds.for_all(), None)
        for label in thresholds.labels:
            figures = measurement.labels.get(label)
            limits = thresholds.for_label(label)
            criteria += _held(figures, limits, label) if figures else [_absent(label, limits)]
    return Verdict(tuple(criteria), measurement)


def went_wrong(name: str, message: str) -> Criterion:
    """Return a criterion that failed for a reason without a number."""
    return Criterion(name, None, None, None, "", False, message)


def unreadable(problem: UnreadableJtl | OSError) -> Criterion:
    """Return the failed criterion of a result file that cannot be judged."""
    if isinstance(problem, OSError):
        return went_wrong(RECORD, f"{problem.filename} cannot be read: {problem.strerror}")
    return went_wrong(RECORD, str(problem))


def headline(figures: Measurement) -> str:
    """Return the figures that matter in one line, and of what they are."""
    of = f" of {named(figures.addresses)}" if figures.addresses else ""
    told = [_counted(figures.sent, "sample") + of, _counted(figures.lost, "error")]
    if figures.sent:
        told.append(f"longest gap {_duration(figures.longest_gap_s)}")
    if figures.p95_ms is not None:
        told.append(f"p95 {figures.p95_ms:,} ms")
    return ", ".join(told)


def _records(measurement: Measurement) -> Iterable[Criterion]:
    """A file that breaks off hides what came after; one without samples, that its load never ran."""
    for file in measurement.files:
        passed = file.cut_off_line is None and file.samples > 0
        message = f"{file.path}: {_counted(file.samples, 'sample')}"
        if file.same_as:
            passed, message = True, f"{file.path} is the same record as {file.same_as} and counts once"
        elif file.cut_off_line is not None:
            message = f"{file.path} breaks off in line {file.cut_off_line}: what came after it is not known"
        elif not passed:
            message = f"{file.path} has no samples, so nothing is proven"
        yield Criterion(RECORD, None, None, None, "", passed, message)


def _coverage(measurement: Measurement, asked: Asked) -> Criterion:
    covered, needed = covered_s(measurement, asked), needed_s(measurement, asked)
    message = (
        f"traffic was sent for {covered:,.1f} s of the {asked.duration_s:,.1f} s asked for; "
        f"at least {needed:,.1f} s needed"
    )
    return Criterion(DURATION, None, round(needed, 3), round(covered, 3), "s", covered >= needed, message)


def _held(figures: Figures, limits: Limits, label: str | None) -> Iterable[Criterion]:
    for name in RULES:
        if name in limits:
            yield _criterion(RULES[name], figures, limits[name], label)


def _criterion(rule: Rule, figures: Figures, limit: float, label: str | None) -> Criterion:
    # Without samples nothing was measured, so nothing but their number can be judged.
    measured = rule.measured(figures) if figures.sent or rule.name == "min-samples" else None
    bound = f"at least {rule.amount(limit)} needed" if rule.least else f"at most {rule.amount(limit)} allowed"
    if measured is None:
        message = f"{rule.words.format('unknown')}, as {_why_not(figures)}; {bound}"
        return Criterion(rule.name, label, limit, None, rule.unit, False, message)
    words = rule.words.format(rule.amount(measured))
    if rule.name == "max-gap" and measured:
        began = figures.gap_began_s
        words += f" from {began:,.1f} s on" if began >= 0 else " until the first success"
    if rule.words.endswith("failed") and measured:
        words += f" ({kinds(figures)})"
    passed = rule.allows(measured, limit)
    return Criterion(rule.name, label, limit, measured, rule.unit, passed, f"{words}; {bound}")


def _why_not(figures: Figures) -> str:
    if not figures.sent:
        return "there are no samples"
    if not figures.succeeded:
        return "none succeeded"
    return "no time passed" if not figures.duration_s else "the record has sums of many samples only"


def _absent(label: str, limits: Limits) -> Criterion:
    message = "no samples have this label"
    return Criterion("min-samples", label, limits["min-samples"], 0, "samples", False, message)


def kinds(figures: Figures) -> str:
    """Return what was lost in words: how many to what, the worst first."""
    by_kind: Sequence[tuple[str, int]] = list(figures.lost_by_kind.items())
    told = [f"{count:,} {kind}" for kind, count in by_kind[:_KINDS_TOLD]]
    if rest := sum(count for _, count in by_kind[_KINDS_TOLD:]):
        told.append(f"{rest:,} others")
    return ", ".join(told)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"
