"""What a job publishes, and the tabs that show it."""

from __future__ import annotations

import re

from gocd.nearest import nearest
from gocd.pipeline import Artifact
from gocd.reading.located_yaml import Node, Text
from gocd.reading.names import NAME
from gocd.reading.places import relative
from gocd.reading.section import Section, Source
from gocd.reading.tasks import check_options

_KINDS = ("build", "test", "external")
_TAB = re.compile(r"[a-zA-Z0-9_.-]+")
_TAB_LENGTH = 15


def read_artifacts(section: Section) -> tuple[Artifact, ...]:
    """Read the ``artifacts`` of a job, no two of a kind from one source to one place.

    Source: GoCD's BuiltinArtifactConfig.java and PluggableArtifactConfig.java
    """
    if "artifacts" not in section:
        return ()
    source = section.source
    found: dict[tuple[str, str, str], Artifact] = {}
    for node in source.items(section.node("artifacts"), "artifacts").items:
        artifact = _artifact(source, node)
        name = artifact.source.lower() if artifact.kind == "external" else artifact.source
        first = found.setdefault((artifact.kind, name, artifact.destination), artifact)
        if first is not artifact:
            source.fail(artifact, f"artifact '{artifact.source}' is already on line {first.line}")
    return tuple(found.values())


def _artifact(source: Source, node: Node) -> Artifact:
    kind, content = source.named(node, "an artifact", "build, test or external")
    word = kind.value.lower()
    if word not in _KINDS:
        guess = nearest(word, _KINDS) or f"choose one of {', '.join(_KINDS)}"
        source.fail(kind, f"'{kind.value}' is not a kind of artifact", guess)
    if word == "external":
        return _external(source, kind, content)
    section = Section(source, content, f"a {word} artifact", ("source", "destination"))
    destination = relative(section, "destination", section.text("destination"), "the job's artifacts")
    return Artifact(word, section.required("source"), destination, kind.line, kind.column)


def _external(source: Source, kind: Text, content: Node) -> Artifact:
    section = Section(source, content, "an external artifact", ("id", "store_id", "configuration"))
    section.required("store_id")
    name = section.verbatim("id") if "id" in section else section.required("id")
    if not NAME.fullmatch(name):
        section.fail("id", f"'{name}' cannot be the id of an artifact")
    if "configuration" in section:
        options = ("options", "secure_options")
        check_options(Section(source, section.node("configuration"), "a configuration", options))
    return Artifact("external", name, line=kind.line, column=kind.column)


def read_tabs(section: Section) -> dict[str, str]:
    """Read the ``tabs`` of a job; their names may be parameters, and differ in case alone.

    Source: GoCD's Tab.java
    """
    source = section.source
    tabs: dict[str, str] = {}
    for key, node in section.children("tabs"):
        name = source.resolved(key)
        path = source.resolved(source.text(node, f"tab '{name}'"))
        if not _TAB.fullmatch(name) or len(name) > _TAB_LENGTH:
            rule = f"letters, digits, '_', '-' and '.', at most {_TAB_LENGTH}"
            source.fail(key, f"'{name}' cannot be the name of a tab", rule)
        if not path or any(character.isspace() for character in path):
            source.fail(node, f"the path of tab '{name}' is empty or has a space in it")
        if name in tabs:
            source.fail(key, f"tab '{name}' is already defined")
        tabs[name] = path
    return tabs
