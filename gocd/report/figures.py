"""The four figures under the verdict: sent, lost, longest gap, time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from gocd.report.markup import Markup, element
from gocd.report.rollout import Rollout
from gocd.report.traffic import Traffic, measured
from gocd.report.wording import clock, counted, duration, percent

NOT_MEASURED = "-"


class Figure(NamedTuple):
    name: str
    value: str
    remark: str
    bad: bool = False


def figures(traffic: Sequence[Traffic], rollout: Rollout) -> list[Figure]:
    """Return the figures; one that was not measured says so."""
    sent = sum(each.measurement.sent for each in traffic)
    if not sent:
        names = ("requests sent", "lost", "longest gap")
        return [*(Figure(name, NOT_MEASURED, "not measured") for name in names), _time(traffic, rollout)]
    lost = sum(each.measurement.lost for each in traffic)
    kinds: Counter[str] = Counter()
    for each in traffic:
        kinds.update(each.measurement.lost_by_kind)
    share = f"{percent(lost, sent)}: " if lost else ""
    what = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(3))
    longest = max(traffic, key=lambda each: each.measurement.longest_gap_s)
    worst, most = longest.measurement, "at most " if longest.own_delay else ""
    when = clock((worst.first_at or 0) + worst.gap_began_s)
    return [
        Figure("requests sent", f"{sent:,}", _pace(sent, traffic)),
        Figure("lost", f"{lost:,}", f"{share}{what}" or "every one was answered", bad=bool(lost)),
        Figure("longest gap", f"{most}{duration(worst.longest_gap_s)}", f"without a success, at {when}"),
        _time(traffic, rollout),
    ]


def shown(told: Sequence[Figure]) -> Markup:
    """Return the figures as a part of the page."""
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", each.name),
                element("dd", each.value, class_="value"),
                element("dd", each.remark, class_="remark"),
                class_="bad" if each.bad else None,
            )
            for each in told
        ),
        class_="figures",
    )


def _pace(sent: int, traffic: Sequence[Traffic]) -> str:
    seconds = sum(end - start for start, end in measured(traffic))
    return f"about {sent / seconds:,.0f} a second" if seconds >= 1 else "in less than a second"


def _time(traffic: Sequence[Traffic], rollout: Rollout) -> Figure:
    times = rollout.intervals or measured(traffic)
    if not times:
        return Figure("time", NOT_MEASURED, "nothing was recorded")
    start, end = min(first for first, _ in times), max(last for _, last in times)
    of = counted(len(rollout.runs), "task") if rollout.runs else "of traffic"
    return Figure("time", duration(end - start), f"{of}, {clock(start)} to {clock(end)} UTC")
