"""YAML as YamlBeans reads it, which GoCD's plugin is built on, where PyYAML is of another opinion.

Source: YamlBeans' Tokenizer.java and Parser.java; GoCD's YamlConfigParser.java
"""

from __future__ import annotations

import re

import yaml
from yaml.parser import ParserError
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

# What may follow a ":" within a plain scalar of a flow collection.
_AFTER_COLON = "\0 \t\r\n([]{}"


class GoCDLoader(yaml.SafeLoader):
    """Composes the nodes of a text as GoCD does; what it makes of their values is not used."""

    def check_printable(self, data: str) -> None:
        """Let every character through, as YamlBeans does, but the one that ends its text."""
        for unreadable in re.finditer("[\0\ufeff]", data):
            reason = "special characters are not allowed"
            raise ReaderError(self.name, unreadable.start(), ord(unreadable[0]), "unicode", reason)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Let an anchor that is defined again stand for what it is given last."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)

    def check_plain(self) -> bool:
        """Let a backtick begin a word."""
        return self.peek() == "`" or bool(super().check_plain())

    def check_key(self) -> bool:
        """Within a flow collection, take any ``?`` that a word begins with for the mark of a key."""
        return bool(self.flow_level) or bool(super().check_key())

    def scan_plain(self) -> yaml.ScalarToken:
        """Refuse a colon within a word of a flow collection, as in ``{git: https://example.com}``."""
        token = super().scan_plain()
        if self.flow_level:
            start, end = token.start_mark, token.end_mark
            word = start.buffer[start.pointer : end.pointer]
            for found in re.finditer(":", word):
                if word[found.end() : found.end() + 1] not in _AFTER_COLON:
                    what = f"a colon within '{word}', which GoCD's YAML does not take in braces and brackets"
                    raise ScannerError(None, None, f"{what}; put it in quotes", start)
        return token

    def process_directives(self) -> tuple[object, object]:
        """Refuse every version but the first two."""
        mark = self.peek_token().start_mark  # type: ignore[no-untyped-call]
        directives: tuple[object, object] = super().process_directives()  # type: ignore[no-untyped-call]
        if self.yaml_version not in (None, (1, 0), (1, 1)):
            version = ".".join(map(str, self.yaml_version))
            raise ParserError(None, None, f"YAML {version}, of which GoCD reads 1.1 only", mark)
        return directives
