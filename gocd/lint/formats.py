"""Findings as lines: for a person, for a program, and for the page of a change on GitHub."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from gocd.finding import Finding, Level
from gocd.shown import shown

Format = Literal["text", "json", "github"]

# Characters of a text; what a file has on one line may be all of it.
_MOST = 1000
_ESCAPED = re.compile(r"\\.")


def lines(findings: Sequence[Finding], form: Format) -> list[str]:
    """Return the lines that tell *findings*."""
    if form == "json":
        text = json.dumps({"findings": [_fields(each) for each in findings]}, indent=2)
        # What masks secrets in lines stops at a quote, and would take the sign before it away.
        return _ESCAPED.sub(lambda found: r"\u0022" if found[0] == r"\"" else found[0], text).splitlines()
    return [_annotation(each) if form == "github" else _line(each) for each in findings]


def summary(findings: Iterable[Finding], files: int) -> str:
    """How many findings of each level there are, in so many *files*."""
    levels = [each.level for each in findings]
    of = _counted(files, "file")
    if not levels:
        return f"{of}: nothing was found"
    counted = ", ".join(_counted(levels.count(each), each.value) for each in Level)
    return f"{of}: {counted}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _line(finding: Finding) -> str:
    where = f"{finding.file}:{finding.line}:{finding.column}"
    return f"{where}: {finding.level.value}: {shown(finding.text, most=_MOST)}"


def _fields(finding: Finding) -> dict[str, str | int]:
    return {
        "level": finding.level.value,
        "file": str(finding.file),
        "line": finding.line,
        "column": finding.column,
        "what": shown(finding.what, most=_MOST),
        "instead": shown(finding.instead, most=_MOST),
    }


def _annotation(finding: Finding) -> str:
    """Source: GitHub's "Workflow commands for GitHub Actions"; its actions/toolkit, core/src/command.ts."""
    place = {"file": str(finding.file), "line": str(finding.line), "col": str(finding.column)}
    fields = ",".join(f"{name}={_escaped(value, ':', ',')}" for name, value in place.items())
    return f"::{finding.level.value} {fields}::{_escaped(shown(finding.text, most=_MOST))}"


def _escaped(text: str, *more: str) -> str:
    for each in ("%", "\r", "\n", *more):
        text = text.replace(each, f"%{ord(each):02X}")
    return text
