"""The tasks of a job, from its ``tasks`` list."""

from __future__ import annotations

from collections.abc import Iterator

from gocd.pipeline import Exec, Fetch, OtherTask, RunIf, Task
from gocd.reading.located_yaml import Items, Node, Text
from gocd.reading.places import inside
from gocd.reading.section import Section, Source, nearest

# Where the paths of tasks begin.
JOB = "the job's folder"

_COMMON = ("run_if", "on_cancel")
_KNOWN = {
    "exec": ("command", "arguments", "working_directory", "timeout"),
    "fetch": (
        *("pipeline", "stage", "job", "source", "is_file", "destination"),
        *("artifact_origin", "artifact_id", "configuration"),
    ),
    "script": ("script",),
    "plugin": ("configuration", "options", "secure_options"),
    "ant": ("build_file", "target", "working_directory"),
    "rake": ("build_file", "target", "working_directory"),
    "nant": ("build_file", "target", "working_directory", "nant_path"),
}


def read_tasks(source: Source, node: Node) -> tuple[Task, ...]:
    """Read a ``tasks`` list; lists in it, as anchors bring them, count as if written out."""
    return tuple(_task(source, item) for item in _flattened(source.items(node, "tasks")))


def _flattened(items: Items) -> Iterator[Node]:
    for item in items.items:
        if isinstance(item, Items):
            yield from _flattened(item)
        else:
            yield item


def _task(source: Source, node: Node, *, is_on_cancel: bool = False) -> Task:
    kind, content = source.named(node, "a task", "its kind")
    if kind.value not in _KNOWN:
        guess = nearest(kind.value, _KNOWN) or f"choose one of {', '.join(_KNOWN)}"
        source.fail(kind.line, f"unknown kind of task '{kind.value}'; {guess}")
    if kind.value == "script" and isinstance(content, Text):
        source.check_parameters(content)
        return OtherTask("script", line=kind.line)
    section = Section(source, content, f"{_article(kind.value)} task", (*_KNOWN[kind.value], *_COMMON))
    if is_on_cancel and "on_cancel" in section:
        section.fail("on_cancel", "an on_cancel task cannot have an on_cancel of its own")
    run_if = RunIf(section.choice("run_if", (each.value for each in RunIf), "a run_if", "passed"))
    on_cancel = (
        _task(source, section.node("on_cancel"), is_on_cancel=True) if "on_cancel" in section else None
    )
    if kind.value == "exec":
        return _exec(section, run_if, on_cancel, kind.line)
    if kind.value == "fetch":
        return _fetch(section, run_if, on_cancel, kind.line)
    source.check_parameters(content)
    return OtherTask(kind.value, run_if, on_cancel, kind.line)


def _exec(section: Section, run_if: RunIf, on_cancel: Task | None, line: int) -> Exec:
    if "timeout" in section:
        section.fail("timeout", "an exec task has no timeout of its own in GoCD; the job has one")
    command = section.required("command")
    if command != command.strip() or (" " in command and not section.texts("arguments")):
        section.fail(
            "command", f"'{command}' would be the program's whole name; put its arguments in arguments"
        )
    folder = inside(section, "working_directory", section.text("working_directory"), JOB)
    return Exec(command, section.texts("arguments"), folder, run_if, on_cancel, line)


def _fetch(section: Section, run_if: RunIf, on_cancel: Task | None, line: int) -> Fetch:
    origin = section.choice("artifact_origin", ("gocd", "external"), "an artifact_origin", "gocd")
    if origin == "gocd":
        for key in ("artifact_id", "configuration"):
            if key in section:
                section.fail(key, f"{key} is only read with artifact_origin: external")
    source = section.required("source" if origin == "gocd" else "artifact_id")
    return Fetch(
        stage=section.required("stage"),
        job=section.required("job"),
        source=inside(section, "source", source, "what its job published") if origin == "gocd" else source,
        pipeline=section.text("pipeline"),
        is_file=section.boolean("is_file", default=False),
        destination=inside(section, "destination", section.text("destination"), JOB),
        artifact_origin=origin,
        run_if=run_if,
        on_cancel=on_cancel,
        line=line,
    )


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "ae" else f"a {kind}"
