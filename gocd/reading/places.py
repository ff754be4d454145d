"""Folders and files that a pipeline names by their place below another, which they may not leave."""

from __future__ import annotations

import posixpath
import re

from gocd.reading.section import Section

_ROOTED = re.compile(r"[/\\~]|[A-Za-z]:")
_RELATIVE = re.compile(r"(?:\./)?\.[^. ]+|[^. ].+[^. ]|[^. ][^. ]|[^. ]")


def inside(section: Section, key: str, path: str, what: str) -> str:
    """Return *path*, the value of *key*, if it does not lead out of *what*.

    Raises:
        PipelineError: It does, and GoCD refuses it as well.
    Source: GoCD's FilenameUtil.java, and Apache Commons IO's normalize and getPrefix that it calls
    """
    if _ROOTED.match(path) or _climbs(path):
        section.fail(key, f"{key} '{path}' leads out of {what}")
    return path


def relative(section: Section, key: str, path: str, what: str) -> str:
    """Return *path*, the value of *key*, if GoCD takes it for one of a folder within *what*.

    Raises:
        PipelineError: It does not.
    Source: GoCD's FilePathTypeValidator.java and, when a job publishes, ArtifactDirectoryChooser.java
    """
    if _climbs(path.lstrip("/")):
        section.fail(key, f"{key} '{path}' leads out of {what}")
    if path.strip() and not _RELATIVE.fullmatch(path):
        section.fail(key, f"{key} '{path}' is no path that GoCD takes: no dot or blank at its end or alone")
    return path


def is_nested(folder: str, other: str) -> bool:
    """Whether *other* is *folder* or below it.

    Source: GoCD's ScmMaterialConfig.java and FilenameUtil.java
    """
    above = _normal(folder)
    return folder.lower() == other.lower() or above == "." or f"{_normal(other)}/".startswith(f"{above}/")


def _climbs(path: str) -> bool:
    return _normal(path).split("/")[0] == ".."


def _normal(path: str) -> str:
    # A backslash is a slash to GoCD on every system.
    return posixpath.normpath(path.replace("\\", "/"))
