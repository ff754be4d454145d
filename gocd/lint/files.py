"""Everything that is wrong with some pipeline files, found without running anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gocd.errors import UnreadableFile
from gocd.finding import Finding, Level
from gocd.reading.located_yaml import text_of
from gocd.reading.pipelines import read_files


def lint(paths: Iterable[Path]) -> list[Finding]:
    """Look through *paths*, the files of one repository, and what was found, file by file."""
    order = list(dict.fromkeys(paths))
    findings: list[Finding] = []
    readable = []
    for path in order:
        try:
            text_of(path)
        except UnreadableFile as problem:
            findings.append(Finding(Level.ERROR, path, 1, 1, problem.reason))
        else:
            readable.append(path)
    findings += read_files(readable).findings
    return sorted(findings, key=lambda each: (order.index(each.file), each.line, each.column))
