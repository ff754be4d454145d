"""The page: one HTML file that needs no script, no other file and no network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from gocd.files import make_folder, write_whole
from gocd.report import criteria as of_criteria
from gocd.report import stages as of_stages
from gocd.report import tables
from gocd.report.figures import figures, shown
from gocd.report.markup import Markup, element, together
from gocd.report.picture import pictures
from gocd.report.rollout import Rollout
from gocd.report.stylesheet import STYLESHEET
from gocd.report.traffic import FIRST, Traffic
from gocd.report.verdict import Conclusion
from gocd.report.wording import clock, day, shortened
from gocd.samples.verdict import Criterion

NAME = "report.html"
MOST_NOTES = 20


def write_report(
    folder: Path,
    *,
    verdict: Conclusion,
    traffic: Sequence[Traffic] = (),
    rollout: Rollout | None = None,
    title: str = "",
    notes: Sequence[str] = (),
    criteria: Sequence[Criterion] = (),
    settings: Mapping[str, str] | None = None,
    repeat: str = "",
) -> Path:
    """Write ``report.html`` into *folder*, which is made if absent, and return where it is.

    Args:
        title: What the page is about; the pipeline's runs by default.
        notes: Sentences that stand under the figures.
        criteria: What the traffic was held to.
        settings: What was asked for, by name.
        repeat: The command line that does it again.

    Raises:
        OSError: It cannot be written.
    """
    page = render(
        verdict=verdict,
        traffic=traffic,
        rollout=rollout or Rollout(),
        title=title,
        notes=notes,
        criteria=criteria,
        settings=settings or {},
        repeat=repeat,
    )
    make_folder(folder)
    path = folder / NAME
    write_whole(path, page)
    return path


def render(
    *,
    verdict: Conclusion,
    traffic: Sequence[Traffic],
    rollout: Rollout,
    title: str,
    notes: Sequence[str],
    criteria: Sequence[Criterion],
    settings: Mapping[str, str],
    repeat: str,
) -> str:
    """Return the page, which is well-formed XML as well."""
    # Files come by their names, and are read by their times.
    traffic = sorted(traffic, key=lambda each: each.interval or (math.inf, math.inf))
    name = shortened(title or f"Rollout {' and '.join(rollout.pipelines)}", 120)
    said = [*notes, *rollout.complaints, *(note for each in traffic if (note := _cut_off(each)))]
    body = element(
        "main",
        _head(name, verdict, traffic, rollout),
        shown(figures(traffic, rollout)),
        _notes(said),
        pictures(traffic, rollout),
        _section("Criteria", of_criteria.criteria(criteria)),
        _section("Stages", of_stages.stages(rollout.runs, traffic)),
        _section("Tasks", tables.tasks(rollout.runs)),
        _section("Lost requests", tables.lost_requests(traffic), _of_how_many(traffic)),
        _section("Traffic", tables.measurements(traffic)),
        _section("Settings", tables.settings(settings)),
        _section("To repeat it", element("pre", element("code", repeat)) if repeat else None),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{shortened(verdict.sentence, 200)} {name}"),
        element("style", Markup(STYLESHEET)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', body), lang='en')}\n"


def _head(name: str, verdict: Conclusion, traffic: Sequence[Traffic], rollout: Rollout) -> Markup:
    times = [*rollout.intervals, *(each.interval for each in traffic if each.interval)]
    start = min((first for first, _ in times), default=None)
    when = "" if start is None else f"{day(start)}, {clock(start)} UTC"
    tone = "good" if verdict.good else "unproven" if verdict.good is None else "bad"
    return element(
        "header",
        element("p", element("strong", name), element("span", when), class_="about"),
        element("h1", shortened(verdict.sentence, 600)),
        class_=tone,
    )


def _notes(said: Sequence[str]) -> Markup | None:
    lines = [element("li", shortened(each, 300)) for each in said[:MOST_NOTES]]
    if more := len(said) - len(lines):
        lines.append(element("li", f"And {more:,} more of this kind."))
    return element("ul", *lines, class_="notes") if lines else None


def _section(heading: str, content: Markup | None, remark: str = "") -> Markup | None:
    if content is None:
        return None
    told = element("p", remark) if remark else None
    return element("section", element("h2", heading), together(told, content))


def _cut_off(traffic: Traffic) -> str:
    if not traffic.measurement.truncated:
        return ""
    return f"{traffic.name}: cut off in its last line; what came after it is not counted."


def _of_how_many(traffic: Sequence[Traffic]) -> str:
    lost = sum(each.measurement.lost for each in traffic)
    return f"The first {FIRST} of {lost:,}." if lost > FIRST else ""
