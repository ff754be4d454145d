"""Flows as text, for a terminal of eighty columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from gocd.graph.flow import Flow, FlowJob, FlowStage
from gocd.shown import shown

_WIDTH = 80
_LINE, _HEAD = "    |", "    v"


def text_of(flows: Iterable[Flow]) -> list[str]:
    """Return the lines that show *flows* under each other."""
    lines: list[str] = []
    for flow in flows:
        lines += [""] if lines else []
        lines += map(shown_line, _flow(flow))
    return lines


def shown_line(line: str) -> str:
    # Blanks at its beginning are what makes it a picture.
    body = line.lstrip()
    return line[: len(line) - len(body)] + shown(body)


def _flow(flow: Flow) -> Iterator[str]:
    yield from _wrapped("", f"{flow.name}   ({flow.facts})", "    ")
    yield ""
    for source in flow.sources:
        yield from _wrapped("  ", f"{source.name}: {source.words}", "      ")
    if flow.template:
        yield from (_LINE, _HEAD, f"  the stages of template {flow.template}")
    for stage in flow.stages:
        yield _LINE
        yield from _gate(stage)
        yield _HEAD
        yield f"  {stage.name}"
        for job in stage.jobs:
            yield from _job(job)


def _gate(stage: FlowStage) -> Iterator[str]:
    if stage.gate:
        yield from _wrapped("   ", f"[{stage.gate}]" if stage.is_manual else f"({stage.gate})", "    ")


def _job(job: FlowJob) -> Iterator[str]:
    yield from _wrapped(
        "      ", f"{job.name}: {', '.join(job.does)}" if job.does else job.name, "          "
    )
    for taken in job.takes:
        yield from _wrapped("        <- ", taken.words, "             ")


def _wrapped(indent: str, text: str, more: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=more,
        break_on_hyphens=False,
        break_long_words=True,
    )
