"""YAML as GoCD reads it, each key, value and list item with its line."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Entries
from dataclasses import dataclass
from pathlib import Path

import yaml

from gocd.errors import PipelineError, UnreadableFile
from gocd.files import read_bounded
from gocd.finding import Finding, Level
from gocd.pipeline import Place
from gocd.reading.yaml_dialect import GoCDLoader
from gocd.reading.yaml_mistakes import explained

# Bytes of a file; pipelines by hand have some ten thousand.
LONGEST = 512 * 1024
# Values that a file may have with every alias written out; pipelines by hand have some thousands.
MOST_VALUES = 100_000


@dataclass(frozen=True)
class Text:
    """A scalar; GoCD's reader knows no other kind, so ``no`` and ``1.10`` stay as they are written."""

    value: str
    line: int
    column: int = 1
    is_nothing: bool = False
    """Nothing was written, not even quotes."""
    is_block: bool = False
    """Its lines follow as they are, after a ``|``."""
    has_anchor: bool = False
    """It is given a name, by which it can stand elsewhere too."""

    @property
    def place(self) -> Place:
        return Place(self.line, self.column, self.is_block)


@dataclass(frozen=True)
class Items:
    items: tuple[Node, ...]
    line: int
    column: int = 1


@dataclass(frozen=True)
class Mapping:
    """A mapping in file order; merged keys keep the line they were written on."""

    entries: Entries[str, Entry]
    line: int
    column: int = 1


@dataclass(frozen=True)
class Entry:
    key: Text
    value: Node


Node = Text | Items | Mapping


def is_nothing(node: Node) -> bool:
    """Whether only the key is there."""
    return isinstance(node, Text) and node.is_nothing


@dataclass(frozen=True)
class Document:
    """The first document of a file, and where the second one begins, which GoCD does not read."""

    root: Node
    second: int | None = None
    text: str = ""


def read_located_yaml(path: Path) -> Node:
    """Read the one document of *path*.

    Raises:
        GoCDError: There is no such file, or it is not text that a person would write.
        PipelineError: It is not YAML, repeats a key, is nested or repeated without end, or holds a second
            document.
    """
    return parse_located_yaml(text_of(path), path)


def parse_located_yaml(text: str, path: Path) -> Node:
    """Read *text*, which came from *path*."""
    document = parse_document(text, path)
    if document.second is not None:
        raise error_at(path, document.second, 1, "a second document, where one is read")
    return document.root


def read_document(path: Path) -> Document:
    """Read the first document of *path*; what it raises is as for the one document of a file."""
    return parse_document(text_of(path), path)


def error_at(path: Path, line: int, column: int, what: str, instead: str = "") -> PipelineError:
    return PipelineError(Finding(Level.ERROR, path, line, column, what, instead))


def text_of(path: Path) -> str:
    """Read what is in *path*, of which nothing is known but that a person wrote it.

    Raises:
        UnreadableFile: There is no such file, or it is not text that a person would write.
    """
    try:
        return read_bounded(path, LONGEST).decode("utf-8")
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(path, "is not UTF-8 text") from error


def parse_document(text: str, path: Path) -> Document:
    """Read the first document of *text*, which came from *path*."""
    if text.startswith("\ufeff"):
        raise error_at(path, 1, 1, "a byte-order mark before the first word", "save it as UTF-8 without one")
    try:
        loader = GoCDLoader(text)
        document = loader.get_node() if loader.check_node() else None
        if document is None:
            raise error_at(path, 1, 1, "the file is empty")
        return Document(_Locator(path).located(document), _second(loader), text)
    except yaml.MarkedYAMLError as error:
        mistake = explained(text, error)
        raise error_at(path, mistake.line, mistake.column, mistake.what, mistake.instead) from error
    except RecursionError:
        raise error_at(path, 1, 1, "nested too deeply to be read") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"a character that YAML does not allow: {error.character:#x}"
        raise error_at(path, line, 1, what) from error


def _second(loader: GoCDLoader) -> int | None:
    """Where a second document begins, of which GoCD reads no more than that it is none of the first."""
    try:
        second = loader.get_node() if loader.check_node() else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return int(mark.line) + 1 if mark else 1
    return _line(second) if second else None


class _Locator:
    """Turns PyYAML's nodes into ours, each node once however many aliases point to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: dict[yaml.Node, Node] = {}
        # How many values each is, what it holds by aliases counted as often as it holds it.
        self._values: dict[yaml.Node, int] = {}
        self._open: set[yaml.Node] = set()

    def located(self, node: yaml.Node) -> Node:
        if node in self._done:
            return self._done[node]
        if node in self._open:
            raise self._error(node, "an anchor that contains itself")
        self._open.add(node)
        self._done[node] = self._converted(node)
        self._values[node] = 1 + sum(self._values[each] for each in _held_by(node))
        if self._values[node] > MOST_VALUES:
            raise self._error(node, f"more than {MOST_VALUES:,} values, aliases written out")
        return self._done[node]

    def _converted(self, node: yaml.Node) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return Items(tuple(self.located(item) for item in node.value), _line(node), _column(node))
        return _scalar(node)

    def _error(self, node: yaml.Node, what: str, instead: str = "") -> PipelineError:
        return error_at(self._path, _line(node), _column(node), what, instead)

    def _mapping(self, node: yaml.MappingNode) -> Mapping:
        entries: dict[str, Entry] = {}
        merged: set[str] = set()
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "a key must be a plain word")
            key = _scalar(key_node)
            value = self.located(value_node)
            if key.value == "<<":
                for name, entry in self._merged(value, key_node):
                    # What is written before the merge wins, and so does the first of two merges.
                    if name not in entries:
                        entries[name] = entry
                        merged.add(name)
            elif key.value in entries:
                first = f"it is on line {entries[key.value].key.line} already"
                hint = "an override must come before '<<'" if key.value in merged else first
                raise self._error(key_node, f"duplicate key '{key.value}'", hint)
            else:
                entries[key.value] = Entry(key, value)
        return Mapping(entries, _line(node), _column(node))

    def _merged(self, value: Node, key: yaml.Node) -> list[tuple[str, Entry]]:
        if is_nothing(value):
            return []
        sources = value.items if isinstance(value, Items) else (value,)
        found: list[tuple[str, Entry]] = []
        for source in sources:
            if not isinstance(source, Mapping):
                raise self._error(key, "'<<' merges a mapping or a list of mappings")
            found.extend(source.entries.items())
        return found


def _held_by(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        yield from (value for _, value in node.value)


def _scalar(node: yaml.Node) -> Text:
    style = getattr(node, "style", None)
    nothing = node.value == "" and style is None
    mark = node.start_mark
    anchor = mark.buffer is not None and mark.buffer[mark.pointer : mark.pointer + 1] == "&"
    return Text(node.value, _line(node), _column(node), nothing, is_block=style == "|", has_anchor=anchor)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _column(node: yaml.Node) -> int:
    return int(node.start_mark.column) + 1
