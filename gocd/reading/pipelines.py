"""Pipeline files as GoCD reads those of one repository: all of them together, and to the letter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gocd.errors import GoCDError, PipelineError
from gocd.finding import Finding, Level
from gocd.nearest import nearest
from gocd.pipeline import Environment, Pipeline
from gocd.reading.environments import Membership, placed, read_environment
from gocd.reading.file import PipelineFile, open_pipeline_file
from gocd.reading.located_yaml import Entry
from gocd.reading.pipeline import read_parameters_of, read_pipeline
from gocd.reading.references import check_references
from gocd.reading.section import Source

# What GoCD takes files for that do not say.
_OLDEST = 1


@dataclass(frozen=True)
class Reading:
    """The pipelines of some files, and what is wrong with the files; with an error there are no pipelines."""

    pipelines: tuple[Pipeline, ...]
    findings: tuple[Finding, ...]
    readable: tuple[Pipeline, ...] = ()
    """What could be read of the pipelines, whatever is wrong with the rest."""
    environments: tuple[Environment, ...] = ()
    """The same of environments, whether they hold any of the pipelines or not."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.level is Level.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.level is Level.WARNING)


def read_files(paths: Iterable[Path], parameters: Mapping[str, str] | None = None) -> Reading:
    """Read *paths* as the files of one repository, with *parameters* in place of their own values.

    Raises:
        GoCDError: A file cannot be read, or no pipeline has one of *parameters*.
    """
    findings: list[Finding] = []
    files = []
    for path in paths:
        try:
            files.append(open_pipeline_file(path))
        except PipelineError as error:
            findings.append(error.finding)
    pipelines, environments = _together(files, parameters or {}, is_whole=not findings)
    for file in files:
        findings += file.source.findings
    has_errors = any(each.level is Level.ERROR for each in findings)
    # What aliases stand for is read as often as they do, and wrong once.
    told = tuple(dict.fromkeys(findings))
    return Reading(() if has_errors else pipelines, told, pipelines, environments)


def read_pipelines(path: Path, parameters: Mapping[str, str] | None = None) -> list[Pipeline]:
    """Read the pipelines of *path*, with *parameters* in place of the values the file gives them.

    Raises:
        PipelineError: GoCD would refuse the file; the first reason for it.
        GoCDError: The file cannot be read, or no pipeline in it has one of *parameters*.
    """
    reading = read_files([path], parameters)
    if reading.errors:
        raise PipelineError(reading.errors[0])
    return list(reading.pipelines)


def read_parameters(path: Path) -> dict[str, dict[str, str]]:
    """The parameters each pipeline of *path* declares, with the file's values, by pipeline name."""
    file = open_pipeline_file(path)
    return {
        entry.key.value: {
            name: value.value for name, (_, value) in read_parameters_of(file.source, entry).items()
        }
        for entry in file.children("pipelines")
    }


@dataclass(frozen=True)
class _Reader:
    """Reads the parts of one file, and keeps which parameters there are."""

    source: Source
    overrides: Mapping[str, str]
    declared: set[str]

    def pipeline(self, entry: Entry) -> Pipeline:
        own = read_parameters_of(self.source, entry)
        self.declared.update(own)
        values = {name: self.overrides.get(name, value.value) for name, (_, value) in own.items()}
        declared = {name: value for name, (_, value) in own.items()}
        source = replace(self.source, parameters=values, declared=declared, used=set(), findings=[])
        try:
            pipeline = read_pipeline(source, entry)
        finally:
            self.source.findings.extend(source.findings)
        # A template uses parameters of its own; what could not be read may use any.
        if not pipeline.template and not source.is_refused:
            for name, (at, value) in own.items():
                if name not in source.used and not value.has_anchor:
                    self.source.warn(at, f"nothing in pipeline '{pipeline.name}' uses parameter '{name}'")
        return pipeline

    def environment(self, entry: Entry) -> tuple[Environment, tuple[Membership, ...]]:
        return read_environment(self.source, entry)


def _together(
    files: list[PipelineFile], overrides: Mapping[str, str], *, is_whole: bool
) -> tuple[tuple[Pipeline, ...], tuple[Environment, ...]]:
    """Read what is in *files*, which are not all if they are not whole."""
    version = _format_version(files)
    pipelines: list[Pipeline] = []
    environments: list[Environment] = []
    memberships: list[Membership] = []
    declared: set[str] = set()
    for file in files:
        source = replace(file.source, format_version=version)
        reader = _Reader(source, overrides, declared)
        pipelines += source.each(file.children("pipelines"), reader.pipeline)
        for environment, held in source.each(file.children("environments"), reader.environment):
            environments.append(environment)
            memberships += held
    if not is_whole or any(file.source.is_refused for file in files):
        memberships = [each for each in memberships if each.is_of(pipelines)]
    else:
        _check_overrides(files, overrides, declared)
        check_references({file.source.path: file.source for file in files}, pipelines)
    return tuple(placed(pipelines, memberships)), tuple(environments)


def _format_version(files: list[PipelineFile]) -> int:
    """The one that all files have that have any.

    Source: the YAML plugin's JsonConfigCollection.java
    """
    found: dict[int, PipelineFile] = {}
    for file in files:
        if file.format_version is not None:
            found.setdefault(file.format_version, file)
    if len(found) > 1:
        (first, one), (second, other) = list(found.items())[:2]
        what = f"format_version {second}, where {one.source.path} has {first}"
        one_for_all = "GoCD refuses all files of a repository unless they have the same"
        with other.source.going_on():
            other.source.fail(other.version_at, what, one_for_all)
    return next(iter(found), _OLDEST)


def _check_overrides(files: list[PipelineFile], overrides: Mapping[str, str], known: set[str]) -> None:
    for name in overrides:
        if name not in known:
            guess = nearest(name, known) or f"it has {', '.join(sorted(known)) or 'none'}"
            paths = ", ".join(str(file.source.path) for file in files)
            raise GoCDError(f"{paths} has no parameter '{name}'; {guess}")
