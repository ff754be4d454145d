"""YAML as GoCD reads it, each key, value and list item with its line."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Entries
from dataclasses import dataclass
from pathlib import Path

import yaml

from gocd.errors import GoCDError, PipelineError
from gocd.files import read_bounded

# Bytes of a file; pipelines by hand have some ten thousand.
LONGEST = 512 * 1024
# Values that a file may have with every alias written out; pipelines by hand have some thousands.
MOST_VALUES = 100_000


@dataclass(frozen=True)
class Text:
    """A scalar; GoCD's reader knows no other kind, so ``no`` and ``1.10`` stay as they are written."""

    value: str
    line: int


@dataclass(frozen=True)
class Items:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class Mapping:
    """A mapping in file order; merged keys keep the line they were written on."""

    entries: Entries[str, Entry]
    line: int


@dataclass(frozen=True)
class Entry:
    key: Text
    value: Node


Node = Text | Items | Mapping


def read_located_yaml(path: Path) -> Node:
    """Read the one document of *path*.

    Raises:
        GoCDError: There is no such file, or it is not text that a person would write.
        PipelineError: It is not YAML, repeats a key, is nested or repeated without end, or holds a second
            document, of which GoCD reads nothing.
    """
    try:
        text = read_bounded(path, LONGEST).decode("utf-8-sig")
    except OSError as error:
        raise GoCDError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise GoCDError(f"{path} is not UTF-8 text") from error
    return parse_located_yaml(text, path)


def parse_located_yaml(text: str, path: Path) -> Node:
    """Read *text*, which came from *path*."""
    try:
        loader = yaml.SafeLoader(text)
        document = loader.get_node() if loader.check_node() else None
        if document is None:
            raise PipelineError(path, 1, "the file is empty")
        second = loader.get_node() if loader.check_node() else None
        if second is not None:
            raise PipelineError(path, _line(second), "a second document, which GoCD would silently ignore")
        return _Locator(path).located(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise PipelineError(path, mark.line + 1 if mark else 1, problem) from error
    except RecursionError:
        raise PipelineError(path, 1, "nested too deeply to be read") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PipelineError(
            path, line, f"a character that YAML does not allow: {error.character:#x}"
        ) from error


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
            raise PipelineError(self._path, _line(node), "an anchor that contains itself")
        self._open.add(node)
        self._done[node] = self._converted(node)
        self._values[node] = 1 + sum(self._values[each] for each in _held_by(node))
        if self._values[node] > MOST_VALUES:
            raise PipelineError(
                self._path, _line(node), f"more than {MOST_VALUES:,} values, aliases written out"
            )
        return self._done[node]

    def _converted(self, node: yaml.Node) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return Items(tuple(self.located(item) for item in node.value), _line(node))
        return Text(node.value, _line(node))

    def _mapping(self, node: yaml.MappingNode) -> Mapping:
        entries: dict[str, Entry] = {}
        merged: set[str] = set()
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise PipelineError(self._path, _line(key_node), "a key must be a plain word")
            key = Text(key_node.value, _line(key_node))
            value = self.located(value_node)
            if key.value == "<<":
                for name, entry in self._merged(value, key.line):
                    # What is written before the merge wins, and so does the first of two merges.
                    if name not in entries:
                        entries[name] = entry
                        merged.add(name)
            elif key.value in entries:
                hint = "; an override must come before '<<'" if key.value in merged else ""
                raise PipelineError(self._path, key.line, f"duplicate key '{key.value}'{hint}")
            else:
                entries[key.value] = Entry(key, value)
        return Mapping(entries, _line(node))

    def _merged(self, value: Node, line: int) -> list[tuple[str, Entry]]:
        sources = value.items if isinstance(value, Items) else (value,)
        found: list[tuple[str, Entry]] = []
        for source in sources:
            if not isinstance(source, Mapping):
                raise PipelineError(self._path, line, "'<<' merges a mapping or a list of mappings")
            found.extend(source.entries.items())
        return found


def _held_by(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        yield from (value for _, value in node.value)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
