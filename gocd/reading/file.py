"""One ``.gocd.yaml`` file down to its pipelines and environments.

Source: the YAML plugin's RootTransform.java
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gocd.nearest import nearest
from gocd.reading.comments import lost_to_comments
from gocd.reading.located_yaml import Entry, Mapping, is_nothing, read_document
from gocd.reading.section import Located, Source

_ROOT = ("format_version", "pipelines", "environments", "common")
NEWEST = 11
"""Source: GoCD's JsonMessageHandler3_0.java"""


@dataclass(frozen=True)
class PipelineFile:
    """A file whose root is known to be right."""

    source: Source
    root: Mapping
    format_version: int | None
    """None where it has none."""
    version_at: Located

    def children(self, key: str) -> tuple[Entry, ...]:
        """The names and contents of *key*, of which GoCD does not mind the case; none if it holds none."""
        found: list[Entry] = []
        with self.source.going_on():
            found += self._children(key)
        return tuple(found)

    def _children(self, key: str) -> Iterator[Entry]:
        for entry in self.root.entries.values():
            if entry.key.value.lower() == key and not is_nothing(entry.value):
                yield from self.source.mapping(entry.value, key).entries.values()


def open_pipeline_file(path: Path) -> PipelineFile:
    """Read *path* so far as to know its format and that its keys are those of a pipeline file.

    Raises:
        PipelineError: It is none.
        GoCDError: It cannot be read.
    """
    source = Source(path)
    document = read_document(path)
    root = source.mapping(document.root, "a pipeline file")
    if document.second is not None:
        second = Mapping({}, document.second)
        source.warn(
            second,
            "a second document, which GoCD silently ignores",
            "put it into a file of its own, or indent it",
        )
    for value, comment in lost_to_comments(document):
        makes = "which leaves the value empty" if value.is_nothing else "and no part of the value"
        source.warn(value, f"'{comment}' is a comment, {makes}", "put the value in quotes")
    version: int | None = None
    version_at: Located = root
    for entry in root.entries.values():
        key = entry.key.value.lower()
        if key not in _ROOT:
            guess = nearest(key, _ROOT) or _below(root, entry) or f"known: {', '.join(_ROOT)}"
            source.fail(entry.key, f"unknown key '{entry.key.value}' in a pipeline file", guess)
        if key == "format_version":
            version, version_at = _version(source, entry), entry.key
    opened = PipelineFile(source, root, version, version_at)
    if not opened.children("pipelines") and not opened.children("environments"):
        source.warn(root, "the file has no pipelines and no environments")
    return opened


def _below(root: Mapping, entry: Entry) -> str:
    """What to do with a pipeline that stands beside ``pipelines:`` in place of below it."""
    entries = list(root.entries.values())
    before = entries[entries.index(entry) - 1] if entry is not entries[0] else None
    if before and is_nothing(before.value) and before.key.value.lower() in ("pipelines", "environments"):
        return f"indent it and its lines, below '{before.key.value}:'"
    return ""


def _version(source: Source, entry: Entry) -> int:
    word = source.text(entry.value, "format_version").value
    if not re.fullmatch(r"\+?[0-9]{1,4}", word) or not 1 <= int(word) <= NEWEST:
        known = f"write 'format_version: 10'; GoCD reads 1 to {NEWEST}"
        source.fail(entry.key, f"'{word}' is not a format_version", known)
    return int(word)
