"""A job: its tasks, and on which agents they run."""

from __future__ import annotations

import re

from gocd.pipeline import Job, Place, Variables
from gocd.reading.artifacts import read_artifacts, read_tabs
from gocd.reading.located_yaml import Node, Text
from gocd.reading.names import LONGEST, shortened
from gocd.reading.section import Section
from gocd.reading.tasks import read_tasks
from gocd.reading.variables import read_variables

JOB_KEYS = ("timeout", "resources", "elastic_profile_id", "run_instances", "tabs", "artifacts", "tasks")
"""Beside the variables, which a stage has too."""

_WORD = re.compile(r"[a-zA-Z0-9_.-]+")
_RESOURCE = re.compile(r"[-\w\s|.]+", re.ASCII)
_INSTANCE = re.compile(r"-run(Instance|OnAll)-[0-9]+$")
# A number as Java's NumberFormat finds it at the beginning of a text.
_NUMBER = re.compile(r"(?P<whole>-?[0-9][0-9,]*)(?:\.0*)?(?![.0-9])")


def read_job(name: Text, section: Section) -> Job:
    """Read one job.

    Source: GoCD's JobConfig.java and CRJob.java
    """
    source = section.source
    if not _WORD.fullmatch(name.value) or len(name.value) > LONGEST or _INSTANCE.search(name.value):
        rule = f"letters, digits, '_', '-' and '.', at most {LONGEST}"
        rule += ", without '-runInstance-N' or '-runOnAll-N' at its end"
        source.fail(name, f"'{shortened(name.value)}' cannot be the name of a job", rule)
    tasks = read_tasks(source, _tasks(name, section))
    timeout = source.attempt(lambda: _timeout(section), None)
    resources, run_instances = _resources(section), _run_instances(section)
    return Job(
        name=name.value,
        tasks=tasks,
        variables=source.attempt(lambda: read_variables(section), Variables()),
        artifacts=source.attempt(lambda: read_artifacts(section), ()),
        tabs=source.attempt(lambda: read_tabs(section), {}),
        resources=resources,
        elastic_profile_id=_elastic_profile(section, run_instances),
        timeout=timeout,
        run_instances=run_instances,
        line=name.line,
        column=name.column,
        timeout_place=Place(section.at("timeout").line, section.at("timeout").column),
        tab_places=source.attempt(lambda: _tab_places(section), {}),
    )


def _tab_places(section: Section) -> dict[str, Place]:
    return {section.source.resolved(tab): tab.place for tab, _ in section.children("tabs")}


def _tasks(name: Text, section: Section) -> Node:
    if "tasks" not in section:
        section.source.fail(name, f"job '{name.value}' has no tasks")
    return section.node("tasks")


def _timeout(section: Section) -> int | None:
    timeout = section.integer("timeout")
    if timeout is not None and timeout < 0:
        section.fail("timeout", "timeout must be 0 or more minutes")
    return timeout


def _resources(section: Section) -> tuple[str, ...]:
    """The resources, of which GoCD leaves out those that are empty or there before.

    Source: GoCD's ResourceConfig.java and ResourceConfigs.java
    """
    resources = dict.fromkeys(each.strip() for each in section.texts("resources") if each.strip())
    for resource in resources:
        if not _RESOURCE.fullmatch(resource):
            rule = "letters from a to z, digits, '-', '_', '.', '|' and blanks"
            section.fail("resources", f"'{resource}' cannot be a resource", rule)
    return tuple(resources)


def _elastic_profile(section: Section, run_instances: int | str | None) -> str:
    if "elastic_profile_id" not in section:
        return ""
    profile = section.required("elastic_profile_id")
    if "resources" in section and section.texts("resources"):
        section.fail("elastic_profile_id", "a job has either resources or an elastic_profile_id")
    if run_instances == "all":
        section.fail("run_instances", "a job with an elastic_profile_id cannot run on all agents")
    return profile


def _run_instances(section: Section) -> int | str | None:
    """How often the job runs.

    Source: the YAML plugin's JobTransform.java; GoCD's CRJob.java
    """
    if "run_instances" not in section:
        return None
    word = section.verbatim("run_instances")
    if word.lower() == "all":
        return "all"
    number = _NUMBER.match(word)
    count = int(number["whole"].replace(",", "")[:10]) if number else 0
    if count < 1:
        section.fail("run_instances", "run_instances must be a number above 0, or all")
    return count
