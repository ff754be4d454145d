"""Which variables a task of a pipeline has: those of its environment, its pipeline, its stage and its job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gocd.pipeline import Exec, Pipeline, Place, Variables


@dataclass(frozen=True)
class Value:
    """One variable; *text* is None where the server alone knows it."""

    text: str | None
    place: Place


@dataclass(frozen=True)
class Scope:
    """The variables of one job by name, the nearest of each; and the sets that they come from."""

    values: Mapping[str, Value]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.values)


def scopes(pipeline: Pipeline) -> Iterator[tuple[Scope, Exec]]:
    """Every command line of *pipeline*, with the variables that it has."""
    around = [pipeline.environment.variables] if pipeline.environment else []
    for stage, job, task in pipeline.exec_tasks():
        merged: dict[str, Value] = {}
        for each in (*around, pipeline.variables, stage.variables, job.variables):
            merged.update(values_of(each))
        yield Scope(merged), task


def values_of(variables: Variables) -> dict[str, Value]:
    """The variables of one place, those that are secure without their values."""
    nowhere = Place(1, 1)
    plain = {name: Value(text, variables.places.get(name, nowhere)) for name, text in variables.plain.items()}
    secure = {name: Value(None, variables.places.get(name, nowhere)) for name in variables.secure}
    return plain | secure
