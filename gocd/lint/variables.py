"""The variables of a pipeline that ``gocd-tasks`` takes its options from, held against the options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from gocd.finding import Finding, Level
from gocd.lint.calls import Call
from gocd.lint.scope import Value, values_of
from gocd.pipeline import Environment, Pipeline, Place
from gocd.task_variables import KNOWN, PREFIX, nearest, unknown

# How near a name must be to one of ours to be meant as one; others have names that begin alike.
_NEAR = 0.92


def wrong_variables(pipeline: Pipeline, calls: tuple[Call, ...]) -> Iterator[Finding]:
    """Find the variables that no command knows, and the values that a call of *pipeline* would refuse."""
    declared = [
        pipeline.variables,
        *(stage.variables for stage in pipeline.stages),
        *(job.variables for stage in pipeline.stages for job in stage.jobs),
    ]
    for variables in declared:
        for name, value in values_of(variables).items():
            yield from _wrong_name(pipeline.file, name, value, calls)
    for call in calls:
        for parameter in call.command.parameters:
            found = call.scope.values.get(parameter.variable)
            # An empty one counts as absent: it may be given at the trigger.
            if found is None or not found.text or parameter in call.given:
                continue
            words = found.text.split() if parameter.takes_many else [found.text]
            for word in words:
                if wrong := parameter.wrong(word):
                    yield _finding(_file_of(pipeline, found), found.place, f"{parameter.variable} {wrong}")


def wrong_names_of(environment: Environment, calls: Sequence[Call]) -> Iterator[Finding]:
    """The same of what an environment hands to the pipelines that it holds."""
    for name, value in values_of(environment.variables).items():
        yield from _wrong_name(environment.file, name, value, calls)


def _file_of(pipeline: Pipeline, value: Value) -> Path:
    """Where *value* is written, which is the pipeline's own file unless its environment has another."""
    around = values_of(pipeline.environment.variables) if pipeline.environment else {}
    return pipeline.environment.file if pipeline.environment and value in around.values() else pipeline.file


def _wrong_name(file: Path, name: str, value: Value, calls: Sequence[Call]) -> Iterator[Finding]:
    reaches = any(call.scope.values.get(name) == value for call in calls)
    if unknown({name: "given"}):
        what = f"no command knows the variable {name}"
        meant = nearest(name)
        level = Level.ERROR if reaches and value.text != "" else Level.WARNING
        yield _finding(file, value.name_at, what, f"did you mean {meant}?" if meant else "", level)
    elif not name.startswith(PREFIX):
        ours = [PREFIX + each for each in KNOWN]
        like = get_close_matches(name.upper(), ours, n=1, cutoff=_NEAR)
        if like and reaches:
            what = f"no command takes anything from the variable {name}"
            yield _finding(file, value.name_at, what, f"did you mean {like[0]}?", Level.WARNING)


def _finding(file: Path, at: Place, what: str, instead: str = "", level: Level = Level.ERROR) -> Finding:
    return Finding(level, file, at.line, at.column, what, instead)
