"""Which files and folders an Ant pattern means, as GoCD looks for them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from gocd.errors import GoCDError


def matching(root: Path, pattern: str) -> list[Path]:
    """The folders that match *pattern*, *root* itself among them, then the files directly in none of those.

    Linked folders are looked into, but not again where one leads back to a folder it is in: an agent
    goes around 40 times. Neither ``.`` nor ``..`` is ever the name of what is found.

    Raises:
        GoCDError: *root* is nested too deeply.
    Source: GoCD's WildcardScanner.java, and the DirectoryScanner and SelectorUtils of plexus-utils
    """
    expression = _expression(pattern)
    folders: list[Path] = []
    files: list[Path] = []
    try:
        for current, names in _walk(root):
            if expression.fullmatch(_tokens(current.relative_to(root))):
                folders.append(current)
            files += (path for name in names if (path := current / name).is_file())
    except RecursionError:
        raise GoCDError(f"[{root}] is nested too deeply to be looked through") from None
    inside = set(folders)
    return folders + [
        path
        for path in files
        if path.parent not in inside and expression.fullmatch(_tokens(path.relative_to(root)))
    ]


def before_wildcards(pattern: str) -> str:
    """The folders that *pattern* begins with, up to its first part with a wildcard.

    Source: GoCD's ArtifactPlan.java
    """
    parts = (part for part in pattern.split("/") if part)
    return "/".join(takewhile(lambda part: "*" not in part and "?" not in part, parts))


def leads_up(path: Path) -> bool:
    """Whether *path* is a link to a folder that it is in, so that whoever follows it goes in a circle."""
    return path.is_symlink() and path.is_dir() and any(path.samefile(parent) for parent in path.parents)


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    for current, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not leads_up(Path(current, name)))
        yield Path(current), sorted(names)


def _expression(pattern: str) -> re.Pattern[str]:
    if pattern.startswith("/"):
        # Nothing found below a folder begins with a slash.
        return re.compile(r"(?!)")
    parts = [part for part in (f"{pattern}**" if pattern.endswith("/") else pattern).split("/") if part]
    return re.compile("".join(_one_part(part) for part in parts))


def _one_part(part: str) -> str:
    if part == "**":
        return "(?:[^/]+/)*"
    return f"{re.escape(part)}/".replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


def _tokens(path: Path) -> str:
    return "".join(f"{part}/" for part in path.parts)
