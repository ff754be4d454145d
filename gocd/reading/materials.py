"""The materials of a pipeline."""

from __future__ import annotations

from gocd.pipeline import Material
from gocd.reading.located_yaml import Node, Text
from gocd.reading.names import check_unique
from gocd.reading.places import inside, relative
from gocd.reading.section import Section, Source

_SCM = ("destination", "auto_update", "ignore", "includes", "whitelist", "blacklist")
_LOGIN = ("username", "password", "encrypted_password")
# Each kind is known by the first of its keys, unless "type" says it.
_KNOWN = {
    "git": ("git", "url", "branch", "shallow_clone", *_LOGIN, *_SCM),
    "dependency": ("pipeline", "stage", "ignore_for_scheduling"),
    "configrepo": ("destination", "ignore", "includes", "whitelist", "blacklist"),
    "svn": ("svn", "url", "check_externals", *_LOGIN, *_SCM),
    "hg": ("hg", "url", "branch", *_LOGIN, *_SCM),
    "p4": ("p4", "port", "use_tickets", "view", *_LOGIN, *_SCM),
    "tfs": ("tfs", "url", "domain", "project", *_LOGIN, *_SCM),
    "plugin": ("scm", "plugin_configuration", "options", "secure_options", *_SCM),
    "package": ("package",),
}


def read_materials(source: Source, node: Node) -> tuple[Material, ...]:
    """Read the ``materials`` map: at least one, and a folder each where several are checked out."""
    entries = tuple(source.mapping(node, "materials").entries.values())
    if not entries:
        source.fail(node.line, "the pipeline has no materials")
    materials = tuple(_material(source, entry.key, entry.value) for entry in entries)
    check_unique(source, ((material.name, material.line) for material in materials), "material")
    checked_out = [material for material in materials if material.is_checked_out]
    for material in checked_out:
        if len(checked_out) > 1 and not material.destination:
            several = "several materials are checked out, so each needs a destination"
            source.fail(material.line, f"material '{material.name}' has no destination; {several}")
    return materials


def _material(source: Source, name: Text, node: Node) -> Material:
    where = f"material '{name.value}'"
    kind = _kind(source, name, node)
    section = Section(source, node, where, ("type", *_KNOWN[kind]))
    _check_filters(section)
    for key in ("auto_update", "shallow_clone", "ignore_for_scheduling"):
        section.boolean(key, default=True)
    if kind == "dependency":
        pipeline, stage = section.required("pipeline"), section.required("stage")
        return Material(name.value, kind, pipeline=pipeline, stage=stage, line=name.line)
    url = ""
    if "url" in _KNOWN[kind]:
        url = section.required(kind if kind in section else "url")
        _check_login(section, url)
    branch = section.text("branch", "master") if kind == "git" else section.text("branch")
    where = inside(section, "destination", section.text("destination"), "the job's folder")
    destination = relative(section, "destination", where, "the job's folder")
    return Material(name.value, kind, url, branch, destination, line=name.line)


def _kind(source: Source, name: Text, node: Node) -> str:
    entries = source.mapping(node, f"material '{name.value}'").entries
    if "type" in entries:
        return source.one_of(source.text(entries["type"].value, "type"), _KNOWN, "a kind of material")
    if "plugin_configuration" in entries:
        return "plugin"
    marks = {mark: kind for kind, (mark, *_) in _KNOWN.items() if kind != "configrepo"}
    kinds = [kind for mark, kind in marks.items() if mark in entries]
    if not kinds:
        text = f"material '{name.value}' has none of the keys that say what it is: type, {', '.join(marks)}"
        source.fail(name.line, text)
    return kinds[0]


def _check_filters(section: Section) -> None:
    both = [key for key in ("ignore", "includes", "whitelist", "blacklist") if key in section]
    for key in both:
        section.texts(key)
    if len(both) > 1:
        section.fail(both[1], f"{section.what} has {both[0]} and {both[1]}; GoCD takes one of them")


def _check_login(section: Section, url: str) -> None:
    if "password" in section and "encrypted_password" in section:
        section.fail("encrypted_password", f"{section.what} has a password and an encrypted_password")
    if "username" in section and "@" in url.partition("://")[2].partition("/")[0]:
        section.fail(
            "username", f"{section.what} has a user in its URL and a username; GoCD takes one of them"
        )
