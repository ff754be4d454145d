"""One mapping of a pipeline file, read as GoCD reads it: shapes are held, and what it passes over is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Parameters
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

from gocd.errors import PipelineError
from gocd.finding import Finding, Level
from gocd.nearest import nearest
from gocd.pipeline import Place
from gocd.reading.located_yaml import Entry, Items, Mapping, Node, Text, error_at, is_nothing
from gocd.reading.parameters import WrongParameter, names_in, substitute, whole

Value = TypeVar("Value")
Read = TypeVar("Read")

_TRUE = ("y", "yes", "true", "on")
_FALSE = ("n", "no", "false", "off")
_INT = range(-(2**31), 2**31)


class Located(Protocol):
    """Something that was read from a line and a column."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


@dataclass(frozen=True)
class Source:
    """The file being read, the parameters in force at this point of it, and what is found wrong with it."""

    path: Path
    parameters: Parameters[str, str] | None = field(default_factory=dict)
    """None where GoCD replaces nothing, and a ``#`` is a ``#``."""
    format_version: int = 10
    findings: list[Finding] = field(default_factory=list)
    declared: Parameters[str, Text] = field(default_factory=dict)
    """Where the file gives the parameters their values."""
    used: set[str] = field(default_factory=set)
    """The parameters that were asked for up to here."""

    def fail(self, at: Located, what: str, instead: str = "") -> NoReturn:
        """Leave off what is being read: GoCD refuses it."""
        raise error_at(self.path, at.line, at.column, what, instead)

    def warn(self, at: Located, what: str, instead: str = "") -> None:
        """Tell what GoCD takes without a word, and does not do."""
        self.findings.append(Finding(Level.WARNING, self.path, at.line, at.column, what, instead))

    def each(self, values: Iterable[Value], read: Callable[[Value], Read]) -> tuple[Read, ...]:
        """Read all of *values*, whatever is wrong with the others."""
        found = []
        for value in values:
            with self.going_on():
                found.append(read(value))
        return tuple(found)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Keep what is found to be wrong, and go on after it."""
        try:
            yield
        except PipelineError as error:
            self.findings.append(error.finding)

    def attempt(self, read: Callable[[], Read], otherwise: Read) -> Read:
        """What *read* returns, or *otherwise* where it finds something wrong, which is kept."""
        with self.going_on():
            return read()
        return otherwise

    @property
    def is_refused(self) -> bool:
        return any(finding.level is Level.ERROR for finding in self.findings)

    def resolved(self, text: Text) -> str:
        if self.parameters is None:
            return text.value
        self.used.update(names_in(text.value))
        try:
            return substitute(text.value, self.parameters)
        except WrongParameter as error:
            self.fail(text.place.below(error.line), error.what, error.instead)

    def place(self, text: Text) -> Place:
        """Where what *text* says is written: it may be a parameter and no more."""
        name = whole(text.value) if self.parameters is not None else ""
        value = self.declared.get(name)
        is_own = value is not None and (self.parameters or {}).get(name) == value.value
        return value.place if value is not None and is_own else text.place

    def check_parameters(self, node: Node) -> None:
        """Resolve every text of *node*, which is otherwise not read."""
        if isinstance(node, Text):
            self.resolved(node)
        elif isinstance(node, Items):
            for item in node.items:
                self.check_parameters(item)
        else:
            for entry in node.entries.values():
                self.check_parameters(entry.value)

    def text(self, node: Node, what: str) -> Text:
        if not isinstance(node, Text):
            self.fail(node, f"{what} must be text, not {_shape(node)}", _in_quotes(node))
        return node

    def items(self, node: Node, what: str) -> Items:
        if not isinstance(node, Items):
            one = isinstance(node, Text) and not is_nothing(node)
            hint = "begin each item with '- ' on a line of its own" if one else ""
            self.fail(node, f"{what} must be a list, not {_shape(node)}", hint)
        return node

    def mapping(self, node: Node, what: str) -> Mapping:
        if not isinstance(node, Mapping):
            self.fail(node, f"{what} must be a mapping, not {_shape(node)}")
        return node

    def one_of(self, text: Text, choices: Iterable[str], what: str) -> str:
        known = tuple(choices)
        if text.value not in known:
            self.fail(text, f"'{text.value}' is not {what}", nearest(text.value, known) or _choose(known))
        return text.value

    def named(self, node: Node, what: str, of: str) -> tuple[Text, Node]:
        """The name and content of a one-key mapping, as lists of stages, tasks and artifacts have them."""
        entries = tuple(self.mapping(node, what).entries.values())
        if not entries:
            self.fail(node, f"{what} must be a mapping with one key, {of}; this one is empty")
        for more in entries[1:]:
            text = f"{what} is a mapping with one key, {of}; GoCD does not read '{more.key.value}' beside it"
            hint = f"begin an item of its own with '- {more.key.value}:'"
            if is_nothing(entries[0].value):
                hint = f"indent it and its lines, below '{entries[0].key.value}:'"
            self.warn(more.key, text, hint)
        return entries[0].key, entries[0].value


class Section:
    """The keys of one mapping, by name; reading substitutes parameters unless it says verbatim.

    A key without a value is as good as none.
    Source: the YAML plugin's YamlUtils.java
    """

    def __init__(self, source: Source, node: Node, what: str, known: Iterable[str]) -> None:
        """Warn of keys that are not *known*; *what* names the place, as in ``a task``."""
        self.source = source
        self.what = what
        self._mapping = source.mapping(node, what)
        self.line, self.column = node.line, node.column
        known = self._known = tuple(known)
        for entry in self._mapping.entries.values():
            if entry.key.value not in known:
                text = f"unknown key '{entry.key.value}' in {what}, which GoCD silently ignores"
                guess = nearest(entry.key.value, known) or self._below(entry) or f"known: {', '.join(known)}"
                source.warn(entry.key, text, guess)

    def _below(self, entry: Entry) -> str:
        """What to do with a key that stands beside an empty one in place of below it."""
        entries = list(self._mapping.entries.values())
        before = [each for each in entries[: entries.index(entry)] if each.key.value in self._known]
        if before and is_nothing(before[-1].value):
            return f"indent it and its lines, below '{before[-1].key.value}:'"
        return ""

    def __contains__(self, key: str) -> bool:
        return key in self._mapping.entries and not is_nothing(self._mapping.entries[key].value)

    def has_key(self, key: str) -> bool:
        """Whether *key* is there, be it without a value."""
        return key in self._mapping.entries

    def at(self, key: str) -> Located:
        entry = self._mapping.entries.get(key)
        return entry.key if entry else self

    def places(self, *keys: str) -> dict[str, Place]:
        """Where the texts under *keys* are written, those that are there."""
        return {key: self.source.place(self.text_node(key)) for key in keys if key in self}

    def fail(self, key: str, what: str, instead: str = "") -> NoReturn:
        self.source.fail(self.at(key), what, instead)

    def warn(self, key: str, what: str, instead: str = "") -> None:
        self.source.warn(self.at(key), what, instead)

    def node(self, key: str) -> Node:
        """The value of *key*, which must be there."""
        if key not in self:
            self.source.fail(self.at(key), f"{self.what} has no {key}")
        return self._mapping.entries[key].value

    def text_node(self, key: str) -> Text:
        return self.source.text(self.node(key), key)

    def verbatim(self, key: str, default: str = "") -> str:
        return self.text_node(key).value if key in self else default

    def text(self, key: str, default: str = "") -> str:
        return self.source.resolved(self.text_node(key)) if key in self else default

    def required(self, key: str) -> str:
        value = self.source.resolved(self.text_node(key))
        if not value.strip():
            self.fail(key, f"{key} of {self.what} is empty")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        if key not in self:
            return default
        word = self.verbatim(key)
        # GoCD takes each word in lower case, Title case and UPPER case, but in no other mixture.
        if word not in (word.lower(), word.title(), word.upper()) or word.lower() not in _TRUE + _FALSE:
            self.fail(key, f"{key} must be true or false, not '{word}'")
        return word.lower() in _TRUE

    def integer(self, key: str) -> int | None:
        if key not in self:
            return None
        word = self.verbatim(key)
        if not re.fullmatch(r"[+-]?[0-9]{1,10}", word) or int(word) not in _INT:
            self.fail(key, f"{key} must be a whole number, not '{word}'")
        return int(word)

    def choice(self, key: str, choices: Iterable[str], what: str, default: str) -> str:
        if key not in self:
            return default
        return self.source.one_of(self.text_node(key), choices, what)

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under *key*, empty when it is not there."""
        return tuple(self.source.resolved(text) for text in self.text_nodes(key))

    def text_nodes(self, key: str) -> tuple[Text, ...]:
        """The same as they are written, and with their places."""
        if key not in self:
            return ()
        items = self.source.items(self.node(key), key).items
        return tuple(self.source.text(item, f"an item of {key}") for item in items)

    def children(self, key: str) -> tuple[tuple[Text, Node], ...]:
        """Names and contents of the mapping under *key*, empty when it is not there."""
        if key not in self:
            return ()
        entries = self.source.mapping(self.node(key), key).entries.values()
        return tuple((entry.key, entry.value) for entry in entries)


def _in_quotes(node: Node) -> str:
    """What to do where braces were meant as text, such as ``{private_ip}``."""
    if isinstance(node, Mapping) and all(is_nothing(each.value) for each in node.entries.values()):
        return f"put it in quotes: '{{{', '.join(node.entries)}}}'"
    return ""


def _choose(known: Iterable[str]) -> str:
    return f"choose one of {', '.join(known)}"


def _shape(node: Node) -> str:
    if isinstance(node, Text):
        return f"'{node.value.splitlines()[0]}'" if node.value.strip() else "nothing"
    return "a list" if isinstance(node, Items) else "a mapping"
