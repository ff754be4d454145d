"""The stages of a pipeline.

Source: the YAML plugin's StageTransform.java; GoCD's CRStage.java and CRApproval.java
"""

from __future__ import annotations

from dataclasses import replace

from gocd.pipeline import Approval, Job, Stage, Variables
from gocd.reading.jobs import JOB_KEYS, read_job
from gocd.reading.located_yaml import Items, Node, Text, is_nothing
from gocd.reading.names import check_name, check_unique
from gocd.reading.section import Section, Source
from gocd.reading.variables import VARIABLE_KEYS, read_variables

_STAGE_KEYS = ("approval", "fetch_materials", "keep_artifacts", "clean_workspace", "jobs", *VARIABLE_KEYS)


def read_stages(source: Source, node: Node) -> tuple[Stage, ...]:
    """Read a ``stages`` list; one list inside it, as an anchor brings it, counts as if written out."""
    items: list[Node] = []
    for item in source.items(node, "stages").items:
        items.extend(item.items if isinstance(item, Items) else (item,))
    if not items:
        source.fail(node, "the pipeline has no stages")
    stages = source.each(items, lambda item: _stage(source, item))
    check_unique(source, ((stage.name, stage) for stage in stages), "stage")
    return stages


def _stage(source: Source, node: Node) -> Stage:
    name, content = source.named(node, "a stage", "its name")
    check_name(source, name, "a stage")
    where = f"stage '{name.value}'"
    # Without jobs the stage itself is the job, and has the job's keys.
    jobs_of = source.mapping(content, where).entries.get("jobs")
    is_short = jobs_of is None or is_nothing(jobs_of.value)
    section = Section(source, content, where, (*_STAGE_KEYS, *JOB_KEYS) if is_short else _STAGE_KEYS)
    if is_short and "tasks" not in section:
        source.fail(name, f"{where} has no jobs")
    if is_short:
        # The variables are the stage's; one set of them is enough.
        jobs: tuple[Job, ...] = (replace(read_job(name, section), variables=Variables()),)
    else:
        jobs = _jobs(name, section)
    return Stage(
        name=name.value,
        jobs=jobs,
        approval=source.attempt(lambda: _approval(section), Approval()),
        fetch_materials=section.boolean("fetch_materials", default=True),
        keep_artifacts=section.boolean("keep_artifacts", default=False),
        clean_workspace=section.boolean("clean_workspace", default=False),
        variables=source.attempt(lambda: read_variables(section), Variables()),
        line=name.line,
        column=name.column,
    )


def _jobs(name: Text, section: Section) -> tuple[Job, ...]:
    source = section.source
    children = dict(section.children("jobs"))
    if not children:
        source.fail(name, f"{section.what} has no jobs")

    def job(child: Text) -> Job:
        keys = (*JOB_KEYS, *VARIABLE_KEYS)
        return read_job(child, Section(source, children[child], f"job '{child.value}'", keys))

    jobs = source.each(children, job)
    check_unique(source, ((each.name, each) for each in jobs), "job")
    return jobs


def _approval(section: Section) -> Approval:
    if "approval" not in section:
        return Approval()
    source, node = section.source, section.node("approval")
    if isinstance(node, Text):
        return Approval(manual=source.one_of(node, ("auto", "success", "manual"), "an approval") == "manual")
    inner = Section(source, node, "an approval", ("type", "allow_only_on_success", "users", "roles"))
    kind = source.one_of(source.text(inner.node("type"), "type"), ("success", "manual"), "an approval type")
    return Approval(
        manual=kind == "manual",
        allow_only_on_success=inner.boolean("allow_only_on_success", default=False),
        users=inner.texts("users"),
        roles=inner.texts("roles"),
    )
