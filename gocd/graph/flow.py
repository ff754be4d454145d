"""A pipeline as it flows: what starts it, its stages and their gates, and what their jobs hand on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import groupby
from pathlib import PurePath

from gocd.errors import GoCDError
from gocd.pipeline import Approval, Exec, Fetch, Job, Material, Pipeline, Stage, Task
from gocd.task_calls import calls_of

# Options that say what a call is for; what others say is too much for a picture.
_TELLING = ("--start", "--finish", "--rollback", "--back")


@dataclass(frozen=True)
class Source:
    """Something that a pipeline is started by; *pipeline* and *stage* where it is another one's."""

    name: str
    words: str
    pipeline: str = ""
    stage: str = ""


@dataclass(frozen=True)
class Taken:
    """What a job takes of an earlier one, be it of another pipeline."""

    stage: str
    job: str
    what: tuple[str, ...]
    pipeline: str = ""

    @property
    def words(self) -> str:
        of = "/".join(part for part in (self.pipeline, self.stage, self.job) if part)
        return f"{', '.join(self.what)} of {of}"


@dataclass(frozen=True)
class FlowJob:
    name: str
    does: tuple[str, ...]
    takes: tuple[Taken, ...]


@dataclass(frozen=True)
class FlowStage:
    """A stage; *gate* is what it waits for beside the stage before it, in words, or nothing."""

    name: str
    gate: str
    is_manual: bool
    jobs: tuple[FlowJob, ...]

    @property
    def taken_from(self) -> frozenset[str]:
        """The earlier stages of the same pipeline that its jobs take something of."""
        return frozenset(each.stage for job in self.jobs for each in job.takes if not each.pipeline)


@dataclass(frozen=True)
class Flow:
    name: str
    facts: str
    sources: tuple[Source, ...]
    stages: tuple[FlowStage, ...]
    template: str = ""


def flows_of(pipelines: Iterable[Pipeline]) -> list[Flow]:
    """What *pipelines* do, each after those that start it."""
    by_name = {pipeline.name.lower(): pipeline for pipeline in pipelines}
    waits_for = {
        name: [each.pipeline.lower() for each in pipeline.materials if each.pipeline.lower() in by_name]
        for name, pipeline in by_name.items()
    }
    return [_flow(by_name[name]) for name in TopologicalSorter(waits_for).static_order()]


def _flow(pipeline: Pipeline) -> Flow:
    """What *pipeline* does, as much of it as a picture has room for."""
    facts = [f"group {pipeline.group}"]
    facts += [f"lock {pipeline.lock_behavior}"] if pipeline.lock_behavior != "none" else []
    facts += [f"environment {pipeline.environment.name}"] if pipeline.environment else []
    return Flow(
        pipeline.name,
        ", ".join(facts),
        tuple(_source(each) for each in pipeline.materials),
        tuple(_stage(pipeline, each, is_first=each is pipeline.stages[0]) for each in pipeline.stages),
        pipeline.template,
    )


def _source(material: Material) -> Source:
    if material.kind == "dependency":
        words = f"pipeline {material.pipeline}, stage {material.stage}"
        if material.ignore_for_scheduling:
            words += " (starts nothing)"
        return Source(material.name, words, material.pipeline, material.stage)
    branch = f", branch {material.branch}" if material.branch else ""
    quiet = "" if material.auto_update else " (not polled)"
    return Source(material.name, f"{material.kind} {material.url}{branch}".rstrip() + quiet)


def _stage(pipeline: Pipeline, stage: Stage, *, is_first: bool) -> FlowStage:
    jobs = tuple(_job(pipeline, job) for job in stage.jobs)
    return FlowStage(stage.name, _gate(stage.approval, is_first=is_first), stage.approval.manual, jobs)


def _gate(approval: Approval, *, is_first: bool) -> str:
    words = ["by hand"] if approval.manual else []
    who = ", ".join((*approval.users, *(f"role {role}" for role in approval.roles)))
    words += [f"by {who}"] if who else []
    words += ["only after success"] if approval.allow_only_on_success and not is_first else []
    return ", ".join(words)


def _job(pipeline: Pipeline, job: Job) -> FlowJob:
    does = [words for task in job.tasks for words in _does(task)]
    fetches = [each for each in job.tasks if isinstance(each, Fetch)]
    times = f" (on {job.run_instances} agents)" if job.run_instances else ""
    return FlowJob(
        job.name + times,
        tuple(words for words, _ in groupby(does)),
        tuple(_taken(pipeline, fetches)),
    )


def _taken(pipeline: Pipeline, fetches: list[Fetch]) -> Iterator[Taken]:
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for fetch in fetches:
        of = "" if fetch.pipeline.lower() in ("", pipeline.name.lower()) else fetch.pipeline
        found.setdefault((of, fetch.stage, fetch.job), {})[fetch.source] = None
    for (of, stage, job), what in found.items():
        yield Taken(stage, job, tuple(what), of)


def _does(task: Task) -> Iterator[str]:
    if isinstance(task, Exec):
        try:
            calls = [[word.text for word in call] for call in calls_of(task)]
        except GoCDError:
            calls = []
        yield from map(_told, calls) if calls else [PurePath(task.command).name]
    elif not isinstance(task, Fetch):
        yield task.description


def _told(words: list[str]) -> str:
    """What a call is, up to its first option."""
    options = (number for number, word in enumerate(words) if word.startswith("-"))
    end = next(options, len(words))
    return " ".join((*words[:end], *(word for word in words[end:] if word in _TELLING)))
