"""Everything that is wrong with some pipeline files, found without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gocd.errors import UnreadableFile
from gocd.finding import Finding, Level
from gocd.lint.calls import read_calls
from gocd.lint.program import Program
from gocd.lint.variables import wrong_variables
from gocd.reading.located_yaml import text_of
from gocd.reading.pipelines import read_files


def lint(
    paths: Iterable[Path], program: Program | None, parameters: Mapping[str, str] | None = None
) -> list[Finding]:
    """Look through *paths*, the files of one repository, and return what was found, file by file.

    Args:
        program: The command line that calls are held against; None leaves them alone.
        parameters: In place of the files' own values.

    Raises:
        GoCDError: No pipeline has one of *parameters*.
    """
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
    reading = read_files(readable, parameters)
    findings += reading.findings
    if program is not None:
        for pipeline in reading.readable:
            calls = read_calls(pipeline, program)
            findings += [*calls.findings, *wrong_variables(pipeline, calls.read)]
    return sorted(dict.fromkeys(findings), key=lambda each: (order.index(each.file), each.line, each.column))
