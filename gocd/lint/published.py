"""What jobs publish, held against what is fetched of them and shown in tabs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from gocd.finding import Finding, Level
from gocd.nearest import nearest
from gocd.pipeline import Artifact, Fetch, Job, Pipeline

# What GoCD puts beside the artifacts of every job.
_OWN = ("cruise-output", "testoutput")
# What no folder is called.
_FILES = (".gz", ".tgz", ".xz", ".zip", ".jar", ".war", ".json", ".jsonl", ".xml", ".html", ".txt", ".log")


def wrong_artifacts(pipelines: tuple[Pipeline, ...]) -> Iterator[Finding]:
    """Find what is fetched or shown in a tab and is published nowhere."""
    known = {pipeline.name.lower(): pipeline for pipeline in pipelines}
    for pipeline in pipelines:
        for stage in pipeline.stages:
            for job in stage.jobs:
                yield from _tabs(pipeline, job)
        for _, _, fetch in pipeline.fetch_tasks():
            of = known.get(fetch.pipeline.split("/")[-1].lower()) if fetch.pipeline else pipeline
            yield from _fetch(pipeline, fetch, _job(of, fetch)) if of else ()


def _tabs(pipeline: Pipeline, job: Job) -> Iterator[Finding]:
    for name, path in job.tabs.items():
        if not _is_published(path, job.artifacts, is_folder=False):
            what = f"tab '{name}' shows '{path}', and job '{job.name}' publishes nothing there"
            place = job.tab_places[name]
            yield Finding(
                Level.WARNING, pipeline.file, place.line, place.column, what, _near(path, job.artifacts)
            )


def _fetch(pipeline: Pipeline, fetch: Fetch, job: Job | None) -> Iterator[Finding]:
    if job is None or fetch.artifact_origin != "gocd":
        return
    at = fetch.at("source")
    if not _is_published(fetch.source, job.artifacts, is_folder=not fetch.is_file):
        what = f"a fetch of '{fetch.source}', which job '{job.name}' does not publish"
        hint = _near(fetch.source, job.artifacts)
        yield Finding(Level.WARNING, pipeline.file, at.line, at.column, what, hint)
    elif not fetch.is_file and fetch.source.lower().endswith(_FILES):
        what = f"'{fetch.source}' would be fetched as a folder"
        yield Finding(
            Level.WARNING, pipeline.file, at.line, at.column, what, "write 'is_file: true' beside it"
        )


def _job(pipeline: Pipeline, fetch: Fetch) -> Job | None:
    stages = (each for each in pipeline.stages if each.name.lower() == fetch.stage.lower())
    jobs = (job for stage in stages for job in stage.jobs if job.name.lower() == fetch.job.lower())
    return next(jobs, None)


def _is_published(path: str, artifacts: tuple[Artifact, ...], *, is_folder: bool) -> bool:
    asked = PurePosixPath(path)
    if asked.parts[:1] and asked.parts[0] in _OWN:
        return True
    # What a pattern leaves of a path, only a run can tell.
    if any(_is_pattern(each) for each in artifacts):
        return True
    places = [_place(each) for each in artifacts]
    above = is_folder and any(asked in place.parents for place in places)
    return above or any(place in (asked, *asked.parents) for place in places)


def _is_pattern(artifact: Artifact) -> bool:
    source = artifact.source
    return artifact.kind == "external" or bool(set("*?{") & set(source)) or source.endswith("/")


def _place(artifact: Artifact) -> PurePosixPath:
    """Where it is among its job's artifacts.

    Source: GoCD's ArtifactPlan.java
    """
    below = artifact.destination or ("testoutput" if artifact.kind == "test" else "")
    return PurePosixPath(below.replace("\\", "/").lstrip("/")) / PurePosixPath(artifact.source).name


def _near(path: str, artifacts: tuple[Artifact, ...]) -> str:
    places = [str(_place(each)) for each in artifacts]
    return nearest(path, places) or (f"it publishes {', '.join(dict.fromkeys(places))}" if places else "")
