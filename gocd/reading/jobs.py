"""A job: its tasks, and what it publishes."""

from __future__ import annotations

import re

from gocd.pipeline import Artifact, Job
from gocd.reading.located_yaml import Node, Text
from gocd.reading.names import check_unique
from gocd.reading.places import relative
from gocd.reading.section import Section, Source
from gocd.reading.tasks import read_tasks
from gocd.reading.variables import read_variables

JOB_KEYS = ("timeout", "resources", "elastic_profile_id", "run_instances", "tabs", "artifacts", "tasks")
"""Beside the variables, which a stage has too."""

_WORD = re.compile(r"[a-zA-Z0-9_.-]+")
_RESOURCE = re.compile(r"[-\w\s|.]+")
_INSTANCE = re.compile(r"-run(Instance|OnAll)-[0-9]+")
_TAB_LENGTH = 15


def read_job(name: Text, section: Section) -> Job:
    source = section.source
    if not _WORD.fullmatch(name.value) or _INSTANCE.search(name.value):
        rule = "letters, digits, '_', '-' and '.', without '-runInstance-N' or '-runOnAll-N'"
        source.fail(name.line, f"'{name.value}' cannot be the name of a job: {rule}")
    tasks = read_tasks(source, section.node("tasks"))
    if not tasks:
        section.fail("tasks", f"job '{name.value}' has no tasks")
    timeout = section.integer("timeout")
    if timeout is not None and timeout < 0:
        section.fail("timeout", "timeout must be 0 or more minutes")
    if "resources" in section and "elastic_profile_id" in section:
        section.fail("elastic_profile_id", "a job has either resources or an elastic_profile_id")
    return Job(
        name=name.value,
        tasks=tasks,
        variables=read_variables(section),
        artifacts=_artifacts(section),
        tabs=_tabs(section),
        resources=_resources(section),
        elastic_profile_id=section.text("elastic_profile_id"),
        timeout=timeout,
        run_instances=_run_instances(section),
        line=name.line,
    )


def _resources(section: Section) -> tuple[str, ...]:
    resources = section.texts("resources")
    for resource in resources:
        if not _RESOURCE.fullmatch(resource):
            section.fail(
                "resources", f"'{resource}' cannot be a resource: letters, digits, '-', '_', '.', '|'"
            )
    return resources


def _run_instances(section: Section) -> int | str | None:
    if section.verbatim("run_instances") == "all":
        return "all"
    count = section.integer("run_instances")
    if count is not None and count < 1:
        section.fail("run_instances", "run_instances must be a number above 0, or all")
    return count


def _tabs(section: Section) -> dict[str, str]:
    tabs: dict[str, str] = {}
    for name, node in section.children("tabs"):
        path = section.source.resolved(section.source.text(node, f"tab '{name.value}'"))
        if not _WORD.fullmatch(name.value) or len(name.value) > _TAB_LENGTH:
            rule = f"letters, digits, '_', '-' and '.', at most {_TAB_LENGTH}"
            section.source.fail(name.line, f"'{name.value}' cannot be the name of a tab: {rule}")
        if not path or any(character.isspace() for character in path):
            section.source.fail(node.line, f"the path of tab '{name.value}' is empty or has a space in it")
        tabs[name.value] = path
    check_unique(section.source, ((name.value, name.line) for name, _ in section.children("tabs")), "tab")
    return tabs


def _artifacts(section: Section) -> tuple[Artifact, ...]:
    if "artifacts" not in section:
        return ()
    source = section.source
    found: dict[tuple[str, str], Artifact] = {}
    for node in source.items(section.node("artifacts"), "artifacts").items:
        artifact = _artifact(source, node)
        first = found.setdefault((artifact.source, artifact.destination), artifact)
        if first is not artifact:
            source.fail(artifact.line, f"artifact '{artifact.source}' is already on line {first.line}")
    return tuple(found.values())


def _artifact(source: Source, node: Node) -> Artifact:
    kind, content = source.named(node, "an artifact", "build, test or external")
    source.one_of(kind, ("build", "test", "external"), "a kind of artifact")
    if kind.value == "external":
        section = Section(source, content, "an external artifact", ("id", "store_id", "configuration"))
        section.required("store_id")
        return Artifact("external", section.required("id"), line=kind.line)
    section = Section(source, content, f"a {kind.value} artifact", ("source", "destination"))
    destination = relative(section, "destination", section.text("destination"), "the job's artifacts")
    return Artifact(kind.value, section.required("source"), destination, kind.line)
