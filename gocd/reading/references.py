"""What one part of a pipeline says about another: fetches and labels that lead somewhere."""

from __future__ import annotations

import re

from gocd.pipeline import Fetch, Pipeline, Stage
from gocd.reading.names import NAME
from gocd.reading.section import Section, Source, nearest

_TOKEN = re.compile(r"\$\{(?P<name>[^}]*)\}")
_INSTANCE = re.compile(r"-run(Instance|OnAll)-[0-9]+$")


def check_references(section: Section, pipeline: Pipeline) -> None:
    """Raise PipelineError at the first reference that leads nowhere.

    Source: GoCD's PipelineConfig.java (labels) and FetchTask.java
    """
    source = section.source
    _check_label(section, pipeline)
    earlier: list[Stage] = []
    for stage in pipeline.stages:
        for fetch in (fetch for owner, _, fetch in pipeline.fetch_tasks() if owner is stage):
            if fetch.pipeline in ("", pipeline.name):
                _check_own(source, fetch, earlier)
            else:
                _check_upstream(source, fetch, pipeline)
        earlier.append(stage)


def _check_label(section: Section, pipeline: Pipeline) -> None:
    names = [token["name"] for token in _TOKEN.finditer(pipeline.label_template)]
    if not names:
        text = f"label_template '{pipeline.label_template}' needs a token such as ${{COUNT}}"
        section.fail("label_template", text)
    materials = {material.name.lower() for material in pipeline.materials}
    for name in names:
        known = name == "COUNT" or name.startswith("env:")
        if not known and re.sub(r"\[:\d+\]$", "", name).lower() not in materials:
            text = f"label_template names '{name}', which is no material of this pipeline, COUNT or env:NAME"
            section.fail("label_template", text)


def _check_own(source: Source, fetch: Fetch, earlier: list[Stage]) -> None:
    stages = {stage.name: stage for stage in earlier}
    if fetch.stage not in stages:
        guess = nearest(fetch.stage, stages)
        text = f"a fetch from stage '{fetch.stage}', which is not an earlier stage of this pipeline"
        source.fail(fetch.line, f"{text}; {guess}" if guess else text)
    jobs = [job.name for job in stages[fetch.stage].jobs]
    if _INSTANCE.sub("", fetch.job) not in jobs:
        text = f"a fetch from job '{fetch.job}', which stage '{fetch.stage}' does not have"
        source.fail(fetch.line, f"{text}; {nearest(fetch.job, jobs) or 'it has ' + ', '.join(jobs)}")


def _check_upstream(source: Source, fetch: Fetch, pipeline: Pipeline) -> None:
    upstream = [material.pipeline for material in pipeline.materials if material.kind == "dependency"]
    if fetch.pipeline.split("/")[-1] not in upstream:
        text = f"a fetch from pipeline '{fetch.pipeline}', which is no material of this pipeline"
        source.fail(fetch.line, text)
    for what, name in (("pipeline", fetch.upstream), ("stage", fetch.stage), ("job", fetch.job)):
        if not NAME.fullmatch(name):
            source.fail(fetch.line, f"a fetch from {what} '{name}', which cannot be the name of one")
