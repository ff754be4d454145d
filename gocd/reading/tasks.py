"""The tasks of a job, from its ``tasks`` list.

Source: the YAML plugin's TaskTransform.java; GoCD's TaskTypeAdapter.java and, of each kind, its task's class
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gocd.nearest import nearest
from gocd.pipeline import Exec, Fetch, OtherTask, RunIf, Task
from gocd.reading.located_yaml import Items, Node, Text, is_nothing
from gocd.reading.places import inside
from gocd.reading.section import Section, Source
from gocd.reading.variables import encrypted

# Where the paths of tasks begin.
JOB = "the job's folder"

_COMMON = ("run_if", "on_cancel")
_KNOWN = {
    "exec": ("command", "arguments", "working_directory", "timeout"),
    "fetch": (
        *("pipeline", "stage", "job", "source", "is_file", "destination"),
        *("artifact_origin", "artifact_id", "configuration"),
    ),
    "plugin": ("configuration", "options", "secure_options"),
    "ant": ("build_file", "target", "working_directory"),
    "rake": ("build_file", "target", "working_directory"),
    "nant": ("build_file", "target", "working_directory", "nant_path"),
}
# Those that GoCD takes without a word more; of the others it misses something.
_BUILDS = ("ant", "rake", "nant")


def read_tasks(source: Source, node: Node) -> tuple[Task, ...]:
    """Read a ``tasks`` list; lists in it, as anchors bring them, count as if written out.

    Up to format_version 10, an empty list is one ``echo``.
    Source: GoCD's AddEmptyTaskJoltTransformer.java
    """
    tasks = tuple(_flattened(source.items(node, "tasks")))
    if not tasks and source.format_version > 10:
        source.fail(node, "a job has no tasks")
    if not tasks:
        source.warn(node, "a job has no tasks, in place of which GoCD runs 'echo'")
        return (Exec("echo", line=node.line),)
    return source.each(tasks, lambda task: _task(source, task))


def _flattened(items: Items) -> Iterator[Node]:
    for item in items.items:
        if isinstance(item, Items):
            yield from _flattened(item)
        else:
            yield item


def _task(source: Source, node: Node, *, is_on_cancel: bool = False) -> Task:
    kind, content = source.named(node, "a task", "its kind")
    if kind.value.lower() == "script" and isinstance(content, Text) and not content.is_nothing:
        source.check_parameters(content)
        return OtherTask("script", line=kind.line)
    if kind.value not in _KNOWN:
        guess = nearest(kind.value, _KNOWN) or f"choose one of {', '.join(_KNOWN)}"
        if kind.value.lower() == "script":
            guess = "write 'script: |' and the lines below it"
        source.fail(kind, f"unknown kind of task '{kind.value}'", guess)
    if kind.value in _BUILDS and isinstance(content, Text) and content.is_nothing:
        return OtherTask(kind.value, line=kind.line)
    section = Section(source, content, f"{_article(kind.value)} task", (*_KNOWN[kind.value], *_COMMON))
    if is_on_cancel and "on_cancel" in section:
        section.fail("on_cancel", "an on_cancel task cannot have an on_cancel of its own")
    _check_shapes(section)
    run_if = _run_if(section)
    on_cancel = (
        _task(source, section.node("on_cancel"), is_on_cancel=True) if "on_cancel" in section else None
    )
    if kind.value == "exec":
        return _exec(section, run_if, on_cancel, kind.line)
    if kind.value == "fetch":
        return _fetch(section, run_if, on_cancel, kind)
    if kind.value == "plugin":
        check_plugin(section, "configuration")
        check_options(section)
    else:
        inside(section, "working_directory", section.text("working_directory"), JOB)
    source.check_parameters(content)
    return OtherTask(kind.value, run_if, on_cancel, kind.line)


def _check_shapes(section: Section) -> None:
    """Hold the keys that are read of every task, whatever its kind.

    Source: the YAML plugin's TaskTransform.java
    """
    section.boolean("is_file", default=False)
    for node in section.text_nodes("arguments"):
        if is_nothing(node):
            hint = "delete the item, or write '' for an empty argument"
            section.source.fail(node, "an argument that is nothing at all", hint)
    for key in ("options", "secure_options"):
        section.children(key)


def check_plugin(section: Section, key: str) -> None:
    """Hold that *key* names a plugin and its version.

    Source: GoCD's CRPluginConfiguration.java
    """
    plugin = Section(section.source, section.node(key), key, ("id", "version"))
    plugin.required("id")
    plugin.required("version")


def check_options(section: Section, *, are_decrypted: bool = True) -> None:
    """Hold that the options of a plugin are texts, none of them there twice, and secure ones encrypted.

    Those of a material are taken as they are.
    Source: the YAML plugin's ConfigurationTransform.java; GoCD's ConfigurationProperty.java
    """
    seen = set()
    for key in ("options", "secure_options"):
        for name, node in section.children(key):
            section.source.text(node, f"option '{name.value}'")
            if key == "secure_options" and are_decrypted:
                encrypted(section.source, node, f"secure option '{name.value}'")
            if name.value in seen:
                section.source.fail(name, f"option '{name.value}' is also in options")
            seen.add(name.value)


def _run_if(section: Section) -> RunIf:
    known = {each.value: each for each in RunIf}
    if "run_if" not in section:
        return RunIf.PASSED
    node = section.node("run_if")
    word = node.value if isinstance(node, Text) else "a list"
    if word not in known:
        guess = nearest(word, known) or f"choose one of {', '.join(known)}"
        section.warn("run_if", f"'{word}' is not a run_if, in place of which GoCD takes passed", guess)
    return known.get(word, RunIf.PASSED)


def _exec(section: Section, run_if: RunIf, on_cancel: Task | None, line: int) -> Exec:
    if "timeout" in section:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", section.verbatim("timeout")):
            section.fail("timeout", f"timeout must be a whole number, not '{section.verbatim('timeout')}'")
        what = "an exec task has no timeout of its own in GoCD"
        section.warn("timeout", what, "the job has one, in minutes without output")
    command = section.required("command")
    arguments = section.texts("arguments")
    written = (section.text_node("command"), *section.text_nodes("arguments"))
    places = tuple(section.source.place(each) for each in written)
    if command != command.strip() or (" " in command and not arguments):
        what = f"'{command}' would be the program's whole name"
        section.warn("command", what, "put its arguments in arguments")
    folder = inside(section, "working_directory", section.text("working_directory"), JOB)
    return Exec(command, arguments, folder, run_if, on_cancel, line, places)


def _fetch(section: Section, run_if: RunIf, on_cancel: Task | None, kind: Text) -> Fetch:
    origin = section.choice("artifact_origin", ("gocd", "external"), "an artifact_origin", "gocd")
    if origin == "gocd":
        for key in ("artifact_id", "configuration"):
            if key in section:
                section.warn(key, f"{key} is only read with artifact_origin: external")
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
        line=kind.line,
        column=kind.column,
        places=section.places("pipeline", "stage", "job", "source"),
    )


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "ae" else f"a {kind}"
