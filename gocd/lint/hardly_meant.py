"""What GoCD does as it is written, and hardly anybody means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gocd.finding import Finding, Level
from gocd.lint.scope import values_of
from gocd.pipeline import Pipeline, Variables
from gocd.secrets import says_secret
from gocd.task_variables import PARAMETER

# Minutes without a line of output: whoever writes as many has written seconds.
_LONG = 600
# Ends of names that have a secret's name in them, and not the secret.
_NOT_IT = ("_id", "_file", "_path", "_url", "_uri", "_name")


def hardly_meant(pipeline: Pipeline) -> Iterator[Finding]:
    """Find waits of many hours, and secrets for everybody to read."""
    for stage in pipeline.stages:
        for job in stage.jobs:
            if job.timeout is not None and job.timeout >= _LONG:
                what = f"job '{job.name}' is left alone for {job.timeout} minutes without any output"
                hint = f"a timeout is in minutes: {max(1, job.timeout // 60)} for {job.timeout} seconds"
                at = job.timeout_place
                yield Finding(Level.WARNING, pipeline.file, at.line, at.column, what, hint)
    jobs = [job for stage in pipeline.stages for job in stage.jobs]
    within = [stage.variables for stage in pipeline.stages]
    for variables in (pipeline.variables, *within, *(job.variables for job in jobs)):
        yield from secrets_in(pipeline.file, variables)


def secrets_in(file: Path, variables: Variables) -> Iterator[Finding]:
    """Find the secrets among *variables* that are in plain text."""
    for name, value in values_of(variables).items():
        if value.text and _is_secret(name):
            what = f"the value of {name} is in the repository and in every console for all to read"
            at, hint = value.place, "encrypt it, and put it under secure_variables"
            yield Finding(Level.WARNING, file, at.line, at.column, what, hint)


def _is_secret(name: str) -> bool:
    return name.startswith(PARAMETER) or (says_secret(name) and not name.lower().endswith(_NOT_IT))
