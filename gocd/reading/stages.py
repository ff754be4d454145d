"""The stages of a pipeline."""

from __future__ import annotations

from dataclasses import replace

from gocd.pipeline import Approval, Job, Stage, Variables
from gocd.reading.jobs import JOB_KEYS, read_job
from gocd.reading.located_yaml import Items, Node, Text
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
        source.fail(node.line, "the pipeline has no stages")
    stages = tuple(_stage(source, item) for item in items)
    check_unique(source, ((stage.name, stage.line) for stage in stages), "stage")
    return stages


def _stage(source: Source, node: Node) -> Stage:
    name, content = source.named(node, "a stage", "its name")
    check_name(source, name, "a stage")
    where = f"stage '{name.value}'"
    # Without a jobs key the stage itself is the job, and has the job's keys.
    is_short = "jobs" not in source.mapping(content, where).entries
    known = (*_STAGE_KEYS, *JOB_KEYS) if is_short else _STAGE_KEYS
    section = Section(source, content, where, known)
    if is_short and "tasks" not in section:
        source.fail(name.line, f"{where} has no jobs")
    jobs: tuple[Job, ...]
    if is_short:
        # The variables are the stage's; one set of them is enough.
        jobs = (replace(read_job(name, section), variables=Variables()),)
    else:
        jobs = tuple(
            read_job(child, Section(source, inner, f"job '{child.value}'", (*JOB_KEYS, *VARIABLE_KEYS)))
            for child, inner in section.children("jobs")
        )
    if not jobs:
        source.fail(name.line, f"{where} has no jobs")
    check_unique(source, ((job.name, job.line) for job in jobs), "job")
    return Stage(
        name=name.value,
        jobs=jobs,
        approval=_approval(section),
        fetch_materials=section.boolean("fetch_materials", default=True),
        keep_artifacts=section.boolean("keep_artifacts", default=False),
        clean_workspace=section.boolean("clean_workspace", default=False),
        variables=read_variables(section),
        line=name.line,
    )


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
