"""What was held against what: a row for each criterion of a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from gocd.report.markup import Markup, element
from gocd.report.tables import table
from gocd.report.wording import shortened
from gocd.samples.limits import RULES
from gocd.samples.verdict import Criterion

MOST = 500
# Of what a server or a site wrote, in one cell.
LONGEST = 300


def criteria(told: Sequence[Criterion]) -> Markup | None:
    """Return each criterion with its limit, what was measured, and the verdict; None if there is none."""
    if not told:
        return None
    # Of very many, those that failed are read.
    shown = sorted(told, key=lambda each: each.passed)[:MOST] if len(told) > MOST else told
    rows = [row for each in shown for row in _rows(each)]
    return table(("Criterion", "Limit", "Measured", "Verdict"), rows, numbers={1, 2})


def _rows(criterion: Criterion) -> list[Markup]:
    label = element("small", shortened(criterion.label, LONGEST)) if criterion.label else None
    verdict, tone = _verdict(criterion)
    row = element(
        "tr",
        element("td", element("span", criterion.name), label),
        element("td", _limit(criterion), class_="number"),
        element("td", _amount(criterion, criterion.measured), class_="number"),
        element("td", verdict, class_=f"brief {tone}-word"),
    )
    # A limit's name and its numbers say it all; a record or a load balancer has a name of its own.
    if criterion.passed and criterion.name in RULES:
        return [row]
    said = element("td", shortened(criterion.message, LONGEST), colspan=4)
    return [row, element("tr", said, class_="said")]


def _verdict(criterion: Criterion) -> tuple[str, str]:
    if not criterion.passed:
        return "failed", "failed"
    if criterion.limit is None and criterion.measured is not None:
        return "not judged", "done"
    if criterion.limit is not None and criterion.measured is None:
        return "not known yet", "unfinished"
    return "passed", "done"


def _limit(criterion: Criterion) -> str:
    if criterion.limit is None:
        return "-"
    least = criterion.name in RULES and RULES[criterion.name].least
    return f"at {'least' if least else 'most'} {_amount(criterion, criterion.limit)}"


def _amount(criterion: Criterion, number: float | None) -> str:
    if number is None:
        return "-"
    if criterion.name in RULES:
        return RULES[criterion.name].amount(number)
    return f"{number:,.15g} {criterion.unit}".rstrip()
