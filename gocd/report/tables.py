"""The tables under the picture: tasks, lost requests, traffic, settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from heapq import nsmallest

from gocd.report.markup import Markup, element, together
from gocd.report.task_rows import ending, kind
from gocd.report.task_runs import Ending, TaskRun
from gocd.report.traffic import FIRST, Traffic
from gocd.report.wording import clock, duration, shortened
from gocd.samples.jtl import Outcome

MOST_RUNS = 500
# Of what a server or a site wrote, in one cell.
LONGEST = 300


def tasks(runs: Sequence[TaskRun]) -> Markup | None:
    """Return every run with its times and outcome; None if there is none."""
    if not runs:
        return None
    rows = [row for run in runs[:MOST_RUNS] for row in _task(run)]
    told = table(("Task", "Began, UTC", "Took", "Outcome"), rows, numbers={1, 2})
    if len(runs) <= MOST_RUNS:
        return told
    unwell = [run for run in runs[MOST_RUNS:] if run.outcome is not Ending.DONE]
    named = "".join(f"; {_long(run.name)}: {ending(run)}" for run in unwell[:50])
    return together(told, element("p", f"And {len(runs) - MOST_RUNS:,} more{named}."))


def _task(run: TaskRun) -> list[Markup]:
    told = _row(
        element("td", element("span", _long(run.name)), _small(run.place)),
        element("td", clock(run.start), class_="number"),
        element("td", duration(run.until - run.start) if run.ended else "-", class_="number"),
        element("td", run.outcome.value, class_=f"brief {kind(run.outcome)}-word"),
    )
    if not run.said:
        return [told]
    return [told, element("tr", element("td", _long(run.said), colspan=4), class_="said")]


def lost_requests(traffic: Iterable[Traffic]) -> Markup | None:
    """Return the first requests that were lost, by time; None if none was."""
    first = nsmallest(FIRST, (lost for each in traffic for lost in each.lost), key=lambda lost: lost.due_ms)
    if not first:
        return None
    rows = [
        _row(
            element("td", _precise(lost.due_ms), class_="brief"),
            element("td", element("span", _long(lost.lost_to)), _small(_of(lost))),
            element("td", duration(lost.elapsed_ms / 1000), class_="number"),
        )
        for lost in first
    ]
    return table(("Sent, UTC", "Lost to", "After"), rows, numbers={2})


def measurements(traffic: Sequence[Traffic]) -> Markup | None:
    """Return what was measured, a row for each figure, a column for each JTL; None if there is none."""
    if not traffic:
        return None
    told = [each.measurement for each in traffic]
    lines: list[tuple[str, list[str]]] = [
        ("Sent", [f"{each.sent:,}" for each in told]),
        ("Lost", [f"{each.lost:,}" for each in told]),
        ("Longest gap", [duration(each.longest_gap_s) for each in told]),
        ("p50", [_latency(each.p50_ms) for each in told]),
        ("p95", [_latency(each.p95_ms) for each in told]),
        ("p99", [_latency(each.p99_ms) for each in told]),
        ("Measured from, UTC", [_from(each.first_at) for each in told]),
        ("Measured for", [duration(each.duration_s) for each in told]),
    ]
    rows = [
        _row(element("th", name, scope="row"), *(element("td", value, class_="number") for value in values))
        for name, values in lines
    ]
    names = [_long(each.name) for each in traffic]
    return table(("Figure", *names), rows, numbers=set(range(1, len(names) + 1)), kind="compact")


def settings(given: Mapping[str, str]) -> Markup | None:
    """Return what was asked for; None if nothing was."""
    rows = [
        _row(element("th", name, scope="row"), element("td", _long(value))) for name, value in given.items()
    ]
    return element("table", element("tbody", *rows), class_="compact") if rows else None


def table(heads: Sequence[str], rows: Sequence[Markup], numbers: set[int], kind: str | None = None) -> Markup:
    """Return a table in a box of its own, which scrolls where the page is too narrow for it."""
    head = [
        element("th", name, scope="col", class_="number" if place in numbers else None)
        for place, name in enumerate(heads)
    ]
    whole = element("table", element("thead", _row(*head)), element("tbody", *rows), class_=kind)
    return element("div", whole, class_="scroll")


def _row(*cells: Markup) -> Markup:
    return element("tr", *cells)


def _long(text: str) -> str:
    return shortened(text, LONGEST)


def _of(lost: Outcome) -> str:
    """Say which request it was, as far as is known."""
    return ", ".join(part for part in (lost.label, lost.version and f"by version {lost.version}") if part)


def _small(text: str) -> Markup | None:
    """Text that says more of what it is beside, or under where the page is narrow."""
    return element("small", _long(text)) if text else None


def _from(at: float | None) -> str:
    return "-" if at is None else clock(at)


def _latency(ms: int | None) -> str:
    return "-" if ms is None else f"{ms:,} ms"


def _precise(ms: int) -> str:
    try:
        return f"{datetime.fromtimestamp(ms / 1000, timezone.utc):%H:%M:%S}.{ms % 1000:03}"
    except (OverflowError, ValueError, OSError):
        return str(ms)
