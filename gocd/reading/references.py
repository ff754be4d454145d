"""What pipelines say about each other, and of their own stages: references that lead somewhere.

What the server has beside the files is not known: a pipeline that none of them holds may be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gocd.nearest import nearest
from gocd.pipeline import Fetch, Job, Material, Pipeline, Stage
from gocd.reading.names import NAME
from gocd.reading.section import Located, Source

Pipelines = Mapping[str, Pipeline]
"""By their names in lower case: GoCD takes names for the same in any case."""


def check_references(sources: Mapping[Path, Source], pipelines: list[Pipeline]) -> None:
    """Find the references that lead nowhere, or in a circle."""
    known = {pipeline.name.lower(): pipeline for pipeline in pipelines}
    seen: dict[str, Pipeline] = {}
    groups: dict[str, str] = {}
    polled: dict[tuple[str, str, str], Material] = {}
    for pipeline in pipelines:
        source = sources[pipeline.file]
        with source.going_on():
            _check_name_of(source, seen, groups, pipeline)
        for material in pipeline.materials:
            with source.going_on():
                _check_polling(source, polled, material)
                if material.kind == "dependency":
                    _check_dependency(source, known, pipeline, material)
        for stage, fetch in _fetches(pipeline):
            with source.going_on():
                _check_fetch(source, known, pipeline, stage, fetch)


def _check_name_of(
    source: Source, seen: dict[str, Pipeline], groups: dict[str, str], pipeline: Pipeline
) -> None:
    first = seen.setdefault(pipeline.name.lower(), pipeline)
    if first is not pipeline:
        where = f"line {first.line}" if first.file == pipeline.file else f"{first.file}:{first.line}"
        source.fail(pipeline, f"pipeline '{pipeline.name}' is already defined on {where}")
    group = groups.setdefault(pipeline.group.lower(), pipeline.group)
    if group != pipeline.group:
        what = f"group '{pipeline.group}' differs from group '{group}' in case only"
        source.fail(pipeline, what, "GoCD refuses both; write one name")


def _fetches(pipeline: Pipeline) -> Iterator[tuple[Stage, Fetch]]:
    for stage in pipeline.stages:
        for job in stage.jobs:
            for task in job.tasks:
                yield from ((stage, each) for each in (task, task.on_cancel) if isinstance(each, Fetch))


def _check_polling(source: Source, polled: dict[tuple[str, str, str], Material], material: Material) -> None:
    """Hold that what is polled for one pipeline is polled for all.

    Source: GoCD's MaterialConfigs.java
    """
    if not material.url:
        return
    first = polled.setdefault((material.kind, material.url, material.branch), material)
    if first.auto_update != material.auto_update:
        what = f"material '{material.name}' has another auto_update than '{first.name}', which is the same"
        source.fail(material.at("auto_update"), what, "give both the same")


def _check_dependency(source: Source, known: Pipelines, pipeline: Pipeline, material: Material) -> None:
    """Hold that a dependency is on a stage that exists, and leads back nowhere.

    Source: GoCD's DependencyMaterialConfig.java and GoConfigGraphWalker.java
    """
    upstream = known.get(material.pipeline.lower())
    if upstream is None:
        _check_name(source, material.at("pipeline"), "a material from pipeline", material.pipeline)
        return
    stages = [stage.name for stage in upstream.stages]
    if not upstream.template and material.stage.lower() not in _lower(stages):
        what = f"material '{material.name}' names stage '{material.stage}', which is not in '{upstream.name}'"
        source.fail(
            material.at("stage"), what, nearest(material.stage, stages) or f"it has {', '.join(stages)}"
        )
    if circle := _way(known, upstream, pipeline):
        way = " <- ".join((pipeline.name, *circle))
        source.fail(material.at("pipeline"), f"pipelines that wait for each other: {way}")


def _way(known: Pipelines, start: Pipeline, end: Pipeline) -> list[str]:
    """The names from *start* up to *end* along their dependencies, or none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] is end:
            return [each.name for each in way]
        if way[-1].name in seen:
            continue
        seen.add(way[-1].name)
        upstream = (known.get(name.lower()) for name in _upstream(way[-1]))
        ways += [[*way, each] for each in upstream if each]
    return []


def _upstream(pipeline: Pipeline) -> dict[str, str]:
    """The pipelines it depends on, each with the stage."""
    return {each.pipeline: each.stage for each in pipeline.materials if each.kind == "dependency"}


def _check_fetch(source: Source, known: Pipelines, pipeline: Pipeline, stage: Stage, fetch: Fetch) -> None:
    """Hold that what is fetched is of a job that has ended by then.

    Source: GoCD's AbstractFetchTask.java and PipelineConfig.java
    """
    if fetch.pipeline.lower() in ("", pipeline.name.lower()):
        earlier = pipeline.stages[: pipeline.stages.index(stage)]
        what = f"a fetch from stage '{fetch.stage}', which is not an earlier stage of this pipeline"
        _check_job(source, fetch, earlier, what)
        return
    here: Pipeline | None = pipeline
    until = ""
    for name in reversed(fetch.pipeline.split("/")):
        if here is not None:
            upstream = {each.lower(): each_stage for each, each_stage in _upstream(here).items()}
            if name.lower() not in upstream:
                of = "this pipeline" if here is pipeline else f"'{here.name}'"
                text = f"a fetch from pipeline '{fetch.pipeline}', which is no material of {of}"
                source.fail(fetch.at("pipeline"), text, nearest(name, upstream))
            until = upstream[name.lower()]
            here = known.get(name.lower())
        _check_name(source, fetch.at("pipeline"), "a fetch from pipeline", name)
    if here is None or here.template:
        for of, name in (("stage", fetch.stage), ("job", fetch.job)):
            _check_name(source, fetch.at(of), f"a fetch from {of}", name)
        return
    names = _lower([each.name for each in here.stages])
    ended = here.stages[: names.index(until.lower()) + 1] if until.lower() in names else ()
    text = f"a fetch from stage '{fetch.stage}' of '{here.name}', which has not ended by its stage '{until}'"
    _check_job(source, fetch, ended, text)


def _check_job(source: Source, fetch: Fetch, stages: tuple[Stage, ...], text: str) -> None:
    found = {stage.name.lower(): stage for stage in stages}
    if fetch.stage.lower() not in found:
        source.fail(fetch.at("stage"), text, nearest(fetch.stage, [stage.name for stage in stages]))
    jobs = found[fetch.stage.lower()].jobs
    job = next((each for each in jobs if _is_instance(fetch.job, each)), None)
    if job is None:
        names = [each.name for each in jobs]
        text = f"a fetch from job '{fetch.job}', which stage '{fetch.stage}' does not have"
        source.fail(fetch.at("job"), text, nearest(fetch.job, names) or f"it has {', '.join(names)}")
    published = [each.source for each in job.artifacts if each.kind == "external"]
    if fetch.artifact_origin == "external" and fetch.source.lower() not in _lower(published):
        text = f"a fetch of external artifact '{fetch.source}', which job '{job.name}' does not publish"
        source.fail(fetch, text, nearest(fetch.source, published))


def _is_instance(name: str, job: Job) -> bool:
    """Whether *name* is the job's, or that of one of its instances.

    Source: GoCD's RunMultipleInstanceJobTypeConfig.java and RunOnAllAgentsJobTypeConfig.java
    """
    marker = ""
    if job.run_instances is not None:
        marker = f"(-run{'OnAll' if job.run_instances == 'all' else 'Instance'}-[0-9]+)?"
    return re.fullmatch(re.escape(job.name) + marker, name, re.IGNORECASE) is not None


def _check_name(source: Source, at: Located, what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        source.fail(at, f"{what} '{name}', which cannot be the name of one")


def _lower(names: list[str]) -> list[str]:
    return [name.lower() for name in names]
