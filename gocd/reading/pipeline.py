"""One pipeline of a file."""

from __future__ import annotations

import re
from dataclasses import replace

from gocd.nearest import nearest
from gocd.pipeline import Material, Pipeline, Variables
from gocd.reading.cron import wrong_cron
from gocd.reading.located_yaml import Entry, Text, is_nothing
from gocd.reading.materials import read_materials
from gocd.reading.names import check_name, check_unique
from gocd.reading.section import Section, Source
from gocd.reading.stages import read_stages
from gocd.reading.variables import VARIABLE_KEYS, read_variables

_KNOWN = (
    *("group", "label_template", "lock_behavior", "display_order", "parameters", *VARIABLE_KEYS),
    *("materials", "timer", "tracking_tool", "template", "stages"),
)
_LOCKS = ("none", "lockOnFailure", "unlockWhenFinished")
_TOKEN = re.compile(r"\$\{(.*?)\}", re.DOTALL)
_SHORTENED = re.compile(r"(?P<material>[^\[]*)(?:\[:(?P<length>[0-9]+)\])?")
# The one that GoCD puts a pipeline in whose group is empty.
_GROUP = "defaultGroup"


def read_parameters_of(source: Source, entry: Entry) -> dict[str, tuple[Text, Text]]:
    """The parameters that a pipeline declares: of each, by its name, the name and its own value.

    Source: GoCD's ParamConfig.java and ParamsConfig.java
    """
    content = source.mapping(entry.value, f"pipeline '{entry.key.value}'")
    node = content.entries.get("parameters")
    if node is None or is_nothing(node.value):
        return {}
    values = tuple(source.mapping(node.value, "parameters").entries.values())
    for value in values:
        check_name(source, value.key, "a parameter")
    check_unique(source, ((value.key.value, value.key) for value in values), "parameter")
    return {
        each.key.value: (each.key, source.text(each.value, f"parameter '{each.key.value}'"))
        for each in values
    }


def read_pipeline(source: Source, entry: Entry) -> Pipeline:
    """Read one pipeline, *source* having its parameters.

    Source: the YAML plugin's PipelineTransform.java; GoCD's CRPipeline.java and PipelineConfig.java
    """
    name = check_name(source, entry.key, "a pipeline")
    # Up to format_version 1 there was "locking"; GoCD's migration to 2 makes a lock_behavior of it.
    has_locking = source.format_version < 2
    known = (*_KNOWN, "locking") if has_locking else _KNOWN
    section = Section(source, entry.value, f"pipeline '{name}'", known)
    if has_locking and "locking" in section and "lock_behavior" in section:
        # The migration makes a list of both.
        section.fail("locking", f"{section.what} has locking and a lock_behavior; GoCD takes one of them")
    locking = "lockOnFailure" if section.boolean("locking", default=False) and has_locking else "none"
    for check in (_check_order, _check_timer, _check_tracking_tool):
        with source.going_on():
            check(section)
    pipeline = Pipeline(
        name=name,
        group=source.attempt(lambda: _group(entry.key, section), _GROUP),
        materials=source.attempt(lambda: _materials(entry.key, section), ()),
        stages=(),
        label_template=source.attempt(lambda: section.text("label_template", "${COUNT}"), "${COUNT}"),
        lock_behavior=source.attempt(
            lambda: section.choice("lock_behavior", _LOCKS, "a lock_behavior", locking), locking
        ),
        template=_template(section),
        parameters=source.parameters or {},
        variables=source.attempt(lambda: read_variables(section), Variables()),
        file=source.path,
        line=entry.key.line,
        column=entry.key.column,
    )
    with source.going_on():
        _check_label(section, pipeline)
    if pipeline.template:
        return pipeline
    if "stages" not in section:
        source.fail(entry.key, f"pipeline '{name}' has no stages")
    return replace(pipeline, stages=read_stages(source, section.node("stages")))


def _check_order(section: Section) -> None:
    section.integer("display_order")


def _group(key: Text, section: Section) -> str:
    if "group" not in section:
        section.source.fail(key, f"{section.what} has no group", "write 'group: NAME'")
    group = section.source.text(section.node("group"), "group")
    return check_name(section.source, group, "a group") if group.value.strip() else _GROUP


def _materials(key: Text, section: Section) -> tuple[Material, ...]:
    if "materials" not in section:
        section.source.fail(key, f"{section.what} has no materials")
    return read_materials(section.source, section.node("materials"))


def _template(section: Section) -> str:
    if "template" not in section:
        return ""
    template = check_name(
        section.source, section.source.text(section.node("template"), "template"), "a template"
    )
    if "stages" in section:
        section.warn("stages", "GoCD does not read the stages of a pipeline that has a template")
    return template


def _check_label(section: Section, pipeline: Pipeline) -> None:
    template = pipeline.label_template
    names = _TOKEN.findall(template)
    if not names:
        text = f"label_template '{template}' needs a token such as ${{COUNT}}"
        section.fail("label_template", text)
    materials = {material.name.lower() for material in pipeline.materials}
    for name in names:
        lower = name.lower()
        if lower == "count" or (lower.startswith("env:") and lower != "env:"):
            continue
        found = _SHORTENED.fullmatch(name)
        if found and (found["length"] or "").startswith("0"):
            section.fail("label_template", f"label_template cuts '{found['material']}' to no characters")
        if not found or found["material"].lower() not in materials:
            text = f"label_template names '{name}', which is no material of this pipeline, COUNT or env:NAME"
            section.fail("label_template", text, nearest(name, (*materials, "COUNT")))


def _check_timer(section: Section) -> None:
    if "timer" in section:
        timer = Section(section.source, section.node("timer"), "a timer", ("spec", "only_on_changes"))
        timer.boolean("only_on_changes", default=False)
        if wrong := wrong_cron(timer.required("spec")):
            timer.fail("spec", wrong)


def _check_tracking_tool(section: Section) -> None:
    if "tracking_tool" in section:
        tool = Section(section.source, section.node("tracking_tool"), "a tracking_tool", ("link", "regex"))
        tool.required("regex")
        link = tool.required("link")
        if "${ID}" not in link or not link.startswith(("http://", "https://")):
            tool.fail("link", "a tracking_tool's link starts with http:// or https:// and holds ${ID}")
