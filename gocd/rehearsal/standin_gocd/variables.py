"""The environment variables of a job, in the order in which an agent sets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gocd.errors import GoCDError
from gocd.pipeline import Environment, Job, Pipeline, Stage, Variables
from gocd.running_job import RunningJob

_HIDDEN = "********"
# Nothing listens there: a rehearsed task must not find somebody's real server.
SERVER_URL = "https://gocd.invalid/go"


@dataclass(frozen=True)
class Variable:
    name: str
    value: str
    is_secure: bool = False


@dataclass(frozen=True)
class Values:
    """What the file leaves open: secrets by name, and values given when the pipeline is triggered."""

    secrets: Mapping[str, str]
    overrides: Mapping[str, str]

    def check(self, pipeline: Pipeline) -> None:
        """Raise GoCDError for a secret that is missing and for an override of a variable nobody declared."""
        for variables in _all_variables(pipeline):
            tuple(self.secure(variables))
        for name in self.overrides:
            if name not in declared(pipeline):
                text = f"Variable '{name}' has not been configured for pipeline '{pipeline.name}'"
                raise GoCDError(f"{text}: GoCD only takes new values for variables that are")

    def secure(self, variables: Variables) -> Iterator[Variable]:
        """The secure ones of *variables*, from the secrets: only a real server could decrypt them."""
        for name, encrypted in variables.secure.items():
            if encrypted and name not in self.secrets and name not in self.overrides:
                text = f"secure variable '{name}' is encrypted for a GoCD server"
                raise GoCDError(f"{text}; give its value with --secret {name}=VALUE")
            yield Variable(name, self.secrets.get(name, ""), is_secure=True)


def declared(pipeline: Pipeline) -> frozenset[str]:
    """The names of all variables that may be given another value when *pipeline* is triggered."""
    return frozenset(name for variables in _all_variables(pipeline) for name in variables.names)


def job_variables(
    pipeline: Pipeline,
    stage: Stage,
    plan: Job,
    running: RunningJob,
    materials: Iterable[tuple[str, str]],
    values: Values,
    instance: tuple[int, int] | None = None,
    *,
    resources: Sequence[str] | None = None,
    server_url: str = SERVER_URL,
) -> tuple[Variable, ...]:
    """Every variable GoCD sets for a job; a later one of the same name wins.

    Args:
        materials: The variables made from the materials.
        instance: Number and count of this one, for a job with numeric ``run_instances``.
        resources: All that the agent has; None where it has whatever jobs want.
    Source: GoCD's BuildAssignmentService.java and JobIdentifier.java
    """
    resources = plan.resources if resources is None else resources
    found = [Variable("GO_SERVER_URL", server_url), Variable("GO_PIPELINE_GROUP_NAME", pipeline.group)]
    if pipeline.environment:
        found += _of_environment(pipeline.environment, values)
    if resources:
        found.append(Variable("GO_AGENT_RESOURCES", ",".join(resources)))
    found += [
        Variable("GO_TRIGGER_USER", running.trigger_user),
        Variable("GO_PIPELINE_NAME", running.pipeline),
        Variable("GO_PIPELINE_COUNTER", str(running.counter)),
        Variable("GO_PIPELINE_LABEL", running.label),
        Variable("GO_STAGE_NAME", running.stage),
        Variable("GO_STAGE_COUNTER", str(running.stage_counter)),
        Variable("GO_JOB_NAME", running.name),
    ]
    found += [Variable(name, value) for name, value in materials]
    found += [*_declared(pipeline.variables, values), *_declared(stage.variables, values)]
    if instance:
        found += [
            Variable("GO_JOB_RUN_INDEX", str(instance[0])),
            Variable("GO_JOB_RUN_COUNT", str(instance[1])),
        ]
    found += _declared(plan.variables, values)
    secure = {variable.name: variable.is_secure for variable in found}
    found += [
        Variable(name, value, secure[name]) for name, value in values.overrides.items() if name in secure
    ]
    return tuple(found)


def environment(agent: Mapping[str, str], variables: Iterable[Variable]) -> dict[str, str]:
    """What a task sees: the agent's own environment under the job's variables."""
    return {**agent, **{variable.name: variable.value for variable in variables}}


def described(agent: Mapping[str, str], variables: Iterable[Variable]) -> Iterator[str]:
    """The lines in which an agent tells the console what it sets, secure values hidden."""
    existing = set(agent)
    for variable in variables:
        value = _HIDDEN if variable.is_secure else variable.value
        if variable.name in existing:
            yield f"overriding environment variable '{variable.name}' with value '{value}'"
        else:
            yield f"setting environment variable '{variable.name}' to value '{value}'"
        existing.add(variable.name)


def _of_environment(environment: Environment, values: Values) -> list[Variable]:
    return [Variable("GO_ENVIRONMENT_NAME", environment.name), *_declared(environment.variables, values)]


def _declared(variables: Variables, values: Values) -> list[Variable]:
    return [*(Variable(name, value) for name, value in variables.plain.items()), *values.secure(variables)]


def _all_variables(pipeline: Pipeline) -> Iterator[Variables]:
    if pipeline.environment:
        yield pipeline.environment.variables
    yield pipeline.variables
    for stage in pipeline.stages:
        yield stage.variables
        for job in stage.jobs:
            yield job.variables
