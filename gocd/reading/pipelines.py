"""A ``.gocd.yaml`` file, read strictly: what GoCD would silently ignore is an error here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gocd.errors import GoCDError
from gocd.pipeline import Environment, Pipeline
from gocd.reading.located_yaml import Entry, read_located_yaml
from gocd.reading.materials import read_materials
from gocd.reading.names import check_name, check_unique
from gocd.reading.references import check_references
from gocd.reading.section import Section, Source, nearest
from gocd.reading.stages import read_stages
from gocd.reading.variables import VARIABLE_KEYS, read_variables

_ROOT = ("format_version", "pipelines", "environments", "common")
_VERSIONS = ("10", "11")
_PIPELINE = (
    *("group", "label_template", "lock_behavior", "display_order", "parameters", *VARIABLE_KEYS),
    *("materials", "timer", "tracking_tool", "template", "stages"),
)
_ENVIRONMENT = ("agents", "pipelines", *VARIABLE_KEYS)
_LOCKS = ("none", "lockOnFailure", "unlockWhenFinished")


def read_pipelines(path: Path, parameters: Mapping[str, str] | None = None) -> list[Pipeline]:
    """Read the pipelines of *path*, with *parameters* in place of the values the file gives them.

    Raises:
        PipelineError: GoCD would refuse the file, or ignore a part of it.
        GoCDError: The file cannot be read, or no pipeline in it has one of *parameters*.
    """
    source = Source(path)
    root = _root(source)
    entries = _children(source, root, "pipelines")
    check_unique(source, ((entry.key.value, entry.key.line) for entry in entries), "pipeline")
    declared = {entry.key.value: _parameters(source, entry) for entry in entries}
    overrides = parameters or {}
    _check_overrides(path, overrides, {name for values in declared.values() for name in values})
    environments = _environments(source, root)
    pipelines = []
    for entry in entries:
        values = {name: overrides.get(name, value) for name, value in declared[entry.key.value].items()}
        pipeline = _pipeline(replace(source, parameters=values), entry)
        pipelines.append(replace(pipeline, environment=environments.get(pipeline.name)))
    return pipelines


def read_parameters(path: Path) -> dict[str, dict[str, str]]:
    """The parameters each pipeline of *path* declares, with the file's values, by pipeline name."""
    source = Source(path)
    entries = _children(source, _root(source), "pipelines")
    return {entry.key.value: _parameters(source, entry) for entry in entries}


def _root(source: Source) -> dict[str, Entry]:
    document = source.mapping(read_located_yaml(source.path), "a pipeline file")
    root: dict[str, Entry] = {}
    for entry in document.entries.values():
        key = entry.key.value.lower()
        if key not in _ROOT:
            guess = nearest(key, _ROOT) or f"known: {', '.join(_ROOT)}"
            source.fail(entry.key.line, f"unknown key '{entry.key.value}' in a pipeline file; {guess}")
        root[key] = entry
    if "format_version" not in root:
        source.fail(document.line, "the file has no format_version; write 'format_version: 10'")
    source.one_of(source.text(root["format_version"].value, "format_version"), _VERSIONS, "a format_version")
    if not _children(source, root, "pipelines"):
        source.fail(document.line, "the file has no pipelines")
    return root


def _children(source: Source, root: Mapping[str, Entry], key: str) -> tuple[Entry, ...]:
    return tuple(source.mapping(root[key].value, key).entries.values()) if key in root else ()


def _check_overrides(path: Path, overrides: Mapping[str, str], known: set[str]) -> None:
    for name in overrides:
        if name not in known:
            guess = nearest(name, known) or f"it has {', '.join(sorted(known)) or 'none'}"
            raise GoCDError(f"{path} has no parameter '{name}'; {guess}")


def _parameters(source: Source, entry: Entry) -> dict[str, str]:
    content = source.mapping(entry.value, f"pipeline '{entry.key.value}'")
    if "parameters" not in content.entries:
        return {}
    values = source.mapping(content.entries["parameters"].value, "parameters").entries.values()
    for value in values:
        check_name(source, value.key, "a parameter")
    return {each.key.value: source.text(each.value, f"parameter '{each.key.value}'").value for each in values}


def _pipeline(source: Source, entry: Entry) -> Pipeline:
    name = check_name(source, entry.key, "a pipeline")
    section = Section(source, entry.value, f"pipeline '{name}'", _PIPELINE)
    if "group" not in section or not section.verbatim("group").strip():
        source.fail(entry.key.line, f"pipeline '{name}' has no group")
    if "template" in section and "stages" in section:
        section.fail("stages", "GoCD does not read the stages of a pipeline that has a template")
    section.integer("display_order")
    _check_timer(section)
    _check_tracking_tool(section)
    pipeline = Pipeline(
        name=name,
        group=section.verbatim("group"),
        materials=read_materials(source, section.node("materials")),
        stages=() if "template" in section else read_stages(source, section.node("stages")),
        label_template=section.text("label_template", "${COUNT}"),
        lock_behavior=section.choice("lock_behavior", _LOCKS, "a lock_behavior", "none"),
        template=section.verbatim("template"),
        parameters=source.parameters,
        variables=read_variables(section),
        file=source.path,
        line=entry.key.line,
    )
    check_references(section, pipeline)
    return pipeline


def _check_timer(section: Section) -> None:
    if "timer" in section:
        timer = Section(section.source, section.node("timer"), "a timer", ("spec", "only_on_changes"))
        timer.boolean("only_on_changes", default=False)
        if len(timer.required("spec").split()) not in (6, 7):
            timer.fail("spec", "a timer's spec is a Quartz cron line of 6 or 7 fields, seconds first")


def _check_tracking_tool(section: Section) -> None:
    if "tracking_tool" in section:
        tool = Section(section.source, section.node("tracking_tool"), "a tracking_tool", ("link", "regex"))
        tool.required("regex")
        link = tool.required("link")
        if "${ID}" not in link or not link.startswith(("http://", "https://")):
            tool.fail("link", "a tracking_tool's link starts with http:// or https:// and holds ${ID}")


def _environments(source: Source, root: Mapping[str, Entry]) -> dict[str, Environment]:
    """The environment of each pipeline that the file itself puts into one."""
    found: dict[str, Environment] = {}
    entries = _children(source, root, "environments")
    check_unique(source, ((entry.key.value, entry.key.line) for entry in entries), "environment")
    pipelines = [entry.key.value for entry in _children(source, root, "pipelines")]
    for entry in entries:
        section = Section(source, entry.value, f"environment '{entry.key.value}'", _ENVIRONMENT)
        environment = Environment(entry.key.value, read_variables(section))
        for pipeline in section.texts("pipelines"):
            if pipeline in found:
                text = f"pipeline '{pipeline}' is already in environment '{found[pipeline].name}'"
                section.fail("pipelines", text)
            if pipeline in pipelines:
                found[pipeline] = environment
    return found
