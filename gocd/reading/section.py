"""One mapping of a pipeline file, read strictly: every key known, every value of the right shape."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from collections.abc import Mapping as Parameters
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from gocd.errors import GoCDError, PipelineError
from gocd.reading.located_yaml import Items, Mapping, Node, Text
from gocd.reading.parameters import substitute

_TRUE = ("y", "yes", "true", "on")
_FALSE = ("n", "no", "false", "off")


@dataclass(frozen=True)
class Source:
    """The file being read and the parameters in force at this point of it."""

    path: Path
    parameters: Parameters[str, str] = field(default_factory=dict)

    def fail(self, line: int, text: str) -> NoReturn:
        raise PipelineError(self.path, line, text)

    def resolved(self, text: Text) -> str:
        try:
            return substitute(text.value, self.parameters)
        except GoCDError as error:
            self.fail(text.line, str(error))

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
            self.fail(node.line, f"{what} must be text, not {_shape(node)}")
        return node

    def items(self, node: Node, what: str) -> Items:
        if not isinstance(node, Items):
            self.fail(node.line, f"{what} must be a list, not {_shape(node)}")
        return node

    def mapping(self, node: Node, what: str) -> Mapping:
        if not isinstance(node, Mapping):
            self.fail(node.line, f"{what} must be a mapping, not {_shape(node)}")
        return node

    def one_of(self, text: Text, choices: Iterable[str], what: str) -> str:
        known = tuple(choices)
        if text.value not in known:
            guess = nearest(text.value, known) or f"choose one of {', '.join(known)}"
            self.fail(text.line, f"'{text.value}' is not {what}; {guess}")
        return text.value

    def named(self, node: Node, what: str, of: str) -> tuple[Text, Node]:
        """The name and content of a one-key mapping, as lists of stages, tasks and artifacts have them."""
        entries = tuple(self.mapping(node, what).entries.values())
        if len(entries) != 1:
            self.fail(node.line, f"{what} must be a mapping with one key, {of}; this one has {len(entries)}")
        return entries[0].key, entries[0].value


class Section:
    """The keys of one mapping, by name; reading substitutes parameters unless it says verbatim."""

    def __init__(self, source: Source, node: Node, what: str, known: Iterable[str]) -> None:
        """Raise PipelineError on a key that is not *known*; *what* names the place, as in ``a task``."""
        self.source = source
        self.what = what
        self._mapping = source.mapping(node, what)
        self.line = node.line
        known = tuple(known)
        for entry in self._mapping.entries.values():
            if entry.key.value not in known:
                guess = nearest(entry.key.value, known) or f"known: {', '.join(known)}"
                text = f"unknown key '{entry.key.value}' in {what}, which GoCD would silently ignore; {guess}"
                source.fail(entry.key.line, text)

    def __contains__(self, key: str) -> bool:
        return key in self._mapping.entries

    def line_of(self, key: str) -> int:
        entry = self._mapping.entries.get(key)
        return entry.key.line if entry else self.line

    def fail(self, key: str, text: str) -> NoReturn:
        self.source.fail(self.line_of(key), text)

    def node(self, key: str) -> Node:
        """The value of *key*, which must be there."""
        if key not in self:
            self.source.fail(self.line, f"{self.what} has no {key}")
        return self._mapping.entries[key].value

    def verbatim(self, key: str, default: str = "") -> str:
        return self.source.text(self.node(key), key).value if key in self else default

    def text(self, key: str, default: str = "") -> str:
        return self.source.resolved(self.source.text(self.node(key), key)) if key in self else default

    def required(self, key: str) -> str:
        value = self.source.resolved(self.source.text(self.node(key), key))
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
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", word):
            self.fail(key, f"{key} must be a whole number, not '{word}'")
        return int(word)

    def choice(self, key: str, choices: Iterable[str], what: str, default: str) -> str:
        if key not in self:
            return default
        return self.source.one_of(self.source.text(self.node(key), key), choices, what)

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under *key*, empty when it is not there."""
        if key not in self:
            return ()
        items = self.source.items(self.node(key), key).items
        return tuple(self.source.resolved(self.source.text(item, f"an item of {key}")) for item in items)

    def children(self, key: str) -> tuple[tuple[Text, Node], ...]:
        """Names and contents of the mapping under *key*, empty when it is not there."""
        if key not in self:
            return ()
        entries = self.source.mapping(self.node(key), key).entries.values()
        return tuple((entry.key, entry.value) for entry in entries)


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean ...?``, or nothing when no known word is near."""
    near = difflib.get_close_matches(word.lower(), tuple(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def _shape(node: Node) -> str:
    if isinstance(node, Text):
        return f"'{node.value.splitlines()[0]}'" if node.value.strip() else "nothing"
    return "a list" if isinstance(node, Items) else "a mapping"
