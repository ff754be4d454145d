"""Which variables a task of a pipeline has: those of its environment, its pipeline, its stage and its job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gocd.pipeline import Exec, Job, Pipeline, Place, Stage, Variables


@dataclass(frozen=True)
class Value:
    """One variable; *text* is None where the server alone knows it."""

    text: str | None
    place: Place
    name_at: Place


@dataclass(frozen=True)
class Scope:
    """The variables of one task by name, the nearest of each, and where the task is."""

    values: Mapping[str, Value]
    pipeline: Pipeline
    stage: Stage
    job: Job
    task: Exec

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.values)


def scopes(pipeline: Pipeline) -> Iterator[Scope]:
    """Every command line of *pipeline*, with the variables that it has."""
    around = [pipeline.environment.variables] if pipeline.environment else []
    for stage, job, task in pipeline.exec_tasks():
        merged: dict[str, Value] = {}
        for each in (*around, pipeline.variables, stage.variables, job.variables):
            merged.update(values_of(each))
        yield Scope(merged, pipeline, stage, job, task)


def values_of(variables: Variables) -> dict[str, Value]:
    """The variables of one place, those that are secure without their values."""
    nowhere = Place(1, 1)

    def value(name: str, text: str | None) -> Value:
        return Value(text, variables.places.get(name, nowhere), variables.names_at.get(name, nowhere))

    plain = {name: value(name, text) for name, text in variables.plain.items()}
    return plain | {name: value(name, None) for name in variables.secure}
