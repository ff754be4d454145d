"""What a pipeline calls by a name of AWS's own making, which nothing can be given here, by another name.

An instance's id or address and a load balancer's ARN are those of the site's own AWS; other names can be had.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gocd.pipeline import Exec, Pipeline, Task, Variables
from gocd.rehearsal.site import ON_INSTANCES
from gocd.task_calls import task_calls

_ID = re.compile(r"i-[0-9a-f]+")
# Source: AWS's service authorization reference, resource types of Elastic Load Balancing V2
_ARN = re.compile(
    r"arn:[\w-]+:elasticloadbalancing:[\w-]*:\d*:"
    r"(?P<kind>targetgroup|loadbalancer)/(?:(?:app|net)/)?(?P<name>[\w-]+)(?:/\w+)?"
)


def names_here(pipeline: Pipeline) -> dict[str, str]:
    """Return the names here of what the tasks of *pipeline* call in a way that cannot be had."""
    names = {}
    for call in task_calls(pipeline):
        instances = [*call.positionals[:1]] if call.task in ON_INSTANCES else []
        for name in (*instances, *call.values("--instance")):
            if _ID.fullmatch(name) or _is_address(name):
                names[name] = f"machine-{name.replace(':', '-')}"
        for name in call.values("--load-balancer"):
            if found := _ARN.fullmatch(name):
                prefix = "target-group:" if found["kind"] == "targetgroup" else ""
                names[name] = f"{prefix}{found['name']}"
    return names


def with_names_here(pipeline: Pipeline) -> Pipeline:
    """Return *pipeline* with these names in its tasks and variables."""
    names = names_here(pipeline)
    if not names:
        return pipeline
    stages = (
        replace(
            stage,
            variables=_in_variables(stage.variables, names),
            jobs=tuple(
                replace(
                    job,
                    variables=_in_variables(job.variables, names),
                    tasks=tuple(_in_task(task, names) for task in job.tasks),
                )
                for job in stage.jobs
            ),
        )
        for stage in pipeline.stages
    )
    return replace(pipeline, variables=_in_variables(pipeline.variables, names), stages=tuple(stages))


def _in_variables(variables: Variables, names: Mapping[str, str]) -> Variables:
    return replace(variables, plain={name: _in_text(value, names) for name, value in variables.plain.items()})


def _in_task(task: Task, names: Mapping[str, str]) -> Task:
    cancelling = None if task.on_cancel is None else _in_task(task.on_cancel, names)
    if isinstance(task, Exec):
        words = tuple(_in_text(word, names) for word in task.arguments)
        return replace(task, arguments=words, on_cancel=cancelling)
    return replace(task, on_cancel=cancelling)


def _in_text(text: str, names: Mapping[str, str]) -> str:
    return "".join(names.get(word, word) for word in _words(text))


def _words(text: str) -> Iterator[str]:
    """*text* in parts: what stands between blanks, quotes and a shell's own signs, and these."""
    yield from re.split(r"([\s'\"=;|&<>(),]+)", text)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
