"""The limits that traffic can be held to: what each measures, and which side of it is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite, isinf

from gocd.samples.figures import Figures

Limits = Mapping[str, float]


@dataclass(frozen=True)
class Rule:
    """One kind of limit.

    Args:
        name: As on the command line (without dashes in front) and in a file.
        unit: What the numbers are.
        measured: Reads it from figures; None if they cannot tell.
        words: What was measured, in words; ``{}`` is the number with its unit.
        whole: Only whole numbers make sense.
        least: The limit is the least allowed, not the most.
        most: What the limit itself cannot exceed.
    """

    name: str
    unit: str
    measured: Callable[[Figures], float | None]
    words: str
    whole: bool = False
    least: bool = False
    most: float = inf

    def allows(self, measured: float, limit: float) -> bool:
        return measured >= limit if self.least else measured <= limit

    def amount(self, number: float) -> str:
        """Return *number* with its unit, exact to 1 ms or better."""
        if self.unit == "samples":
            return f"{number:,.0f}"
        shown = f"{number:,.{3 if number >= 1 else 6}f}".rstrip("0").rstrip(".")
        return f"{shown} {self.unit}"

    def problem(self, limit: float) -> str:
        """Return why *limit* cannot be one, or nothing."""
        if not (isfinite(limit) and 0 <= limit <= self.most):
            return f"must be a number from 0 {'up' if isinf(self.most) else f'to {self.most:g}'}"
        return "must be a whole number" if self.whole and limit != int(limit) else ""


RULES = {
    rule.name: rule
    for rule in (
        Rule("min-samples", "samples", lambda of: of.sent, "{} samples", whole=True, least=True),
        Rule("max-errors", "samples", lambda of: of.lost, "{} failed", whole=True),
        Rule("max-error-rate", "%", lambda of: of.error_rate, "{} failed", most=100),
        Rule("max-gap", "s", lambda of: of.longest_gap_s, "longest gap {}"),
        Rule("p50", "ms", lambda of: of.p50_ms, "p50 {}"),
        Rule("p90", "ms", lambda of: of.p90_ms, "p90 {}"),
        Rule("p95", "ms", lambda of: of.p95_ms, "p95 {}"),
        Rule("p99", "ms", lambda of: of.p99_ms, "p99 {}"),
        Rule("min-throughput", "/s", lambda of: of.throughput, "{} succeeded", least=True),
    )
}


@dataclass(frozen=True)
class Thresholds:
    """Limits for all samples together, and for the samples of some labels.

    Nothing said of samples means at least one; nothing said of errors means none, over all samples.
    """

    overall: Limits = field(default_factory=dict)
    labels: Mapping[str, Limits] = field(default_factory=dict)

    def for_all(self) -> Limits:
        """The limits for all samples together, with those that hold unless another was set."""
        tolerant = "max-errors" in self.overall or "max-error-rate" in self.overall
        return {"min-samples": 1, **({} if tolerant else {"max-errors": 0}), **self.overall}

    def for_label(self, label: str) -> Limits:
        return {"min-samples": 1, **self.labels[label]}
