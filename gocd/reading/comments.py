"""Values of which a ``#`` has made a comment, in part or whole: ``- #{name}`` is an empty item."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gocd.reading.located_yaml import Document, Items, Node, Text

_WHOLE = re.compile(r"\s+(?P<lost>#[^\s#].*)")
# What follows a value may well be a comment, unless it is a parameter.
_REST = re.compile(r"\s+(?P<lost>#\{[^}\s]+\}.*)")


def lost_to_comments(document: Document) -> Iterator[tuple[Text, str]]:
    """Return each value that ends where a comment begins, and the comment."""
    lines = document.text.split("\n")
    for text in _texts(document.root, set()):
        rest = lines[text.line - 1][text.column - 1 :] if text.line <= len(lines) else ""
        lost = _WHOLE.match(rest) if text.is_nothing else None
        if not text.is_nothing and rest.startswith(text.value):
            lost = _REST.match(rest[len(text.value) :])
        if lost:
            yield text, lost["lost"].rstrip()


def _texts(node: Node, seen: set[int]) -> Iterator[Text]:
    """Every value below *node* once, however many aliases stand for it."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, Text):
        yield node
    elif isinstance(node, Items):
        for item in node.items:
            yield from _texts(item, seen)
    else:
        for entry in node.entries.values():
            yield from _texts(entry.value, seen)
