"""The materials of a pipeline.

Source: the YAML plugin's MaterialTransform.java; GoCD's MaterialConfigs.java, ScmMaterialConfig.java and,
of each kind, its class
"""

from __future__ import annotations

import re
from itertools import permutations

from gocd.pipeline import Material
from gocd.reading.located_yaml import Node, Text
from gocd.reading.names import check_name, check_unique
from gocd.reading.places import inside, is_nested, relative
from gocd.reading.section import Section, Source
from gocd.reading.tasks import check_options, check_plugin
from gocd.reading.variables import encrypted

_SCM = ("destination", "auto_update", "ignore", "includes", "whitelist", "blacklist")
_LOGIN = ("username", "password", "encrypted_password")
_KNOWN = {
    "git": ("git", "url", "branch", "shallow_clone", *_LOGIN, *_SCM),
    "svn": ("svn", "url", "check_externals", *_LOGIN, *_SCM),
    "hg": ("hg", "url", "branch", *_LOGIN, *_SCM),
    "dependency": ("pipeline", "stage", "ignore_for_scheduling"),
    "plugin": ("scm", "plugin_configuration", "options", "secure_options", *_SCM),
    "package": ("package",),
    "p4": ("p4", "port", "use_tickets", "view", *_LOGIN, *_SCM),
    "tfs": ("url", "domain", "project", *_LOGIN, *_SCM),
    "configrepo": ("destination", "ignore", "includes", "whitelist", "blacklist"),
}
# The keys that say what a material is, whatever its type says; the last of them wins.
_MARKS = {
    "git": "git",
    "svn": "svn",
    "hg": "hg",
    "pipeline": "dependency",
    "scm": "plugin",
    "plugin_configuration": "plugin",
    "package": "package",
    "p4": "p4",
}
_URL = re.compile(r"[a-zA-Z0-9/#].*")


def read_materials(source: Source, node: Node) -> tuple[Material, ...]:
    """Read the ``materials`` map: at least one, and a folder each where several are checked out."""
    entries = {entry.key: entry.value for entry in source.mapping(node, "materials").entries.values()}
    if not entries:
        source.fail(node, "the pipeline has no materials")

    materials = source.each(entries, lambda name: _material(source, name, entries[name]))
    check_unique(source, ((each.name, each) for each in materials), "material")
    _check_destinations(source, [each for each in materials if each.is_checked_out])
    upstream = ((each.pipeline, each) for each in materials if each.kind == "dependency")
    check_unique(source, upstream, "the material of pipeline")
    return materials


def _check_destinations(source: Source, materials: list[Material]) -> None:
    if len(materials) < 2:
        return
    for each in materials:
        if not each.destination.strip():
            several = "several materials are checked out, so each needs a destination"
            source.fail(each, f"material '{each.name}' has no destination", several)
    for outer, inner in permutations(materials, 2):
        if is_nested(outer.destination, inner.destination):
            what = f"the destinations of materials '{outer.name}' and '{inner.name}' are one, or nested"
            last = max(outer, inner, key=lambda each: each.line)
            source.fail(last.at("destination"), what, "give each a folder of its own")


def _material(source: Source, name: Text, node: Node) -> Material:
    where = f"material '{name.value}'"
    check_name(source, name, "a material")
    kind = _kind(source, name, node)
    section = Section(source, node, where, ("type", *_KNOWN[kind]))
    _check_filters(section)
    if "filter" in section:
        # What the plugin makes of the keys above; a text of this name comes in its place.
        source.mapping(section.node("filter"), f"filter of {where}")
    for key in ("shallow_clone", "ignore_for_scheduling", "check_externals", "use_tickets"):
        section.boolean(key, default=True)
    if kind == "dependency":
        pipeline, stage = section.required("pipeline"), section.required("stage")
        line, column = name.line, name.column
        places = section.places("pipeline", "stage")
        return Material(
            name.value,
            kind,
            pipeline=pipeline,
            stage=stage,
            ignore_for_scheduling=section.boolean("ignore_for_scheduling", default=False),
            line=line,
            column=column,
            places=places,
        )
    url = _url(section, kind)
    _check_login(section, kind, url)
    _check_branch(section, kind, url)
    branch = section.text("branch") or ("master" if kind == "git" else "")
    folder = ""
    if "destination" in _KNOWN[kind]:
        where = inside(section, "destination", section.text("destination"), "the job's folder")
        folder = relative(section, "destination", where, "the job's folder")
    return Material(
        name=name.value,
        kind=kind,
        url=url,
        branch=branch,
        destination=folder,
        auto_update=section.boolean("auto_update", default=True),
        line=name.line,
        column=name.column,
        places=section.places("destination", "auto_update"),
    )


def _kind(source: Source, name: Text, node: Node) -> str:
    where = f"material '{name.value}'"
    section = Section(source, node, where, source.mapping(node, where).entries)
    kinds = [kind for mark, kind in _MARKS.items() if mark in section]
    if kinds:
        return kinds[-1]
    if "type" not in section:
        what = f"{where} has none of the keys that say what it is"
        source.fail(name, what, f"they are: type, {', '.join(_MARKS)}")
    return section.choice("type", _KNOWN, "a kind of material", default="")


def _url(section: Section, kind: str) -> str:
    """What the material is found by, if that is a text, once the fields that its kind needs are there."""
    if kind == "p4":
        section.required("p4" if "p4" in section else "port")
        section.required("view")
    elif kind == "package":
        section.required("package")
    elif kind == "plugin":
        if "plugin_configuration" in section:
            check_plugin(section, "plugin_configuration")
        else:
            section.required("scm")
        check_options(section, are_decrypted=False)
    elif kind == "tfs":
        section.required("username")
        section.required("project")
    if "url" not in _KNOWN[kind]:
        return ""
    key = "url" if "url" in section else kind if kind in section else "url"
    url = section.required(key)
    if not _URL.fullmatch(url):
        section.fail(key, f"'{url}' is no URL that GoCD takes", "begin it with a letter, a digit or '/'")
    return url


def _check_branch(section: Section, kind: str, url: str) -> None:
    """Hold a branch to what git fetches without a wildcard; Mercurial's is given once.

    Source: GoCD's GitMaterialConfig.java, HgMaterialConfig.java
    """
    branch = section.text("branch")
    if kind == "hg" and branch.strip() and len([part for part in url.split("#") if part]) > 1:
        section.fail("branch", f"{section.what} has a branch in its URL as well; GoCD takes one of them")
    if not section.has_key("git"):
        return
    source, colon, target = branch.partition(":")
    if "*" in branch:
        section.fail("branch", f"branch '{branch}' has a '*' in it")
    if colon and not (source.startswith("refs/") and target.strip()):
        section.fail("branch", f"refspec '{branch}' is not of the form refs/...:...")


def _check_filters(section: Section) -> None:
    """Hold that a filter ignores or includes; both spellings of either are one.

    Source: GoCD's CRFilter.java
    """
    given = []
    for pair in (("ignore", "blacklist"), ("includes", "whitelist")):
        for key in pair:
            if section.has_key(key) and key not in section:
                section.fail(key, f"{key} of {section.what} must be a list, not nothing")
        given.append([key for key in pair if section.texts(key)])
    if all(given):
        section.fail(
            given[1][0], f"{section.what} has {given[0][0]} and {given[1][0]}; GoCD takes one of them"
        )


def _check_login(section: Section, kind: str, url: str) -> None:
    if "encrypted_password" in section:
        if "password" in section:
            section.fail("encrypted_password", f"{section.what} has a password and an encrypted_password")
        encrypted(section.source, section.node("encrypted_password"), f"the password of {section.what}")
    login = [key for key in _LOGIN if section.text(key).strip()] if kind in ("git", "hg") else []
    user = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if login and user.strip():
        what = f"{section.what} has a user in its URL and a {login[0]}; GoCD takes one of them"
        section.fail(login[0], what)
