"""Everything that is wrong with some pipeline files, found without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gocd.errors import UnreadableFile
from gocd.finding import Finding, Level
from gocd.lint.calls import read_calls
from gocd.lint.hardly_meant import hardly_meant, secrets_in
from gocd.lint.program import Program
from gocd.lint.published import wrong_artifacts
from gocd.lint.turns import wrong_turns
from gocd.lint.variables import wrong_names_of, wrong_variables
from gocd.reading.located_yaml import text_of
from gocd.reading.pipelines import Reading, read_files


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
        findings += _of_calls(reading, program)
    if not reading.errors:
        findings += wrong_artifacts(reading.pipelines)
    for pipeline in reading.readable:
        findings += hardly_meant(pipeline)
    for environment in reading.environments:
        findings += secrets_in(environment.file, environment.variables)
    return sorted(dict.fromkeys(findings), key=lambda each: (order.index(each.file), each.line, each.column))


def _of_calls(reading: Reading, program: Program) -> Iterator[Finding]:
    read = [(pipeline, read_calls(pipeline, program)) for pipeline in reading.readable]
    everywhere = [call for _, calls in read for call in calls.read]
    for environment in reading.environments:
        yield from wrong_names_of(environment, everywhere)
    for pipeline, calls in read:
        yield from calls.findings
        yield from wrong_variables(pipeline, calls.read)
        # What could not be read may well have what seems to be missing.
        if not reading.errors and not any(each.level is Level.ERROR for each in calls.findings):
            yield from wrong_turns(pipeline, calls.read, everywhere)
