"""YAML as YamlBeans reads it, which GoCD's plugin is built on, where PyYAML is of another opinion.

Source: YamlBeans' Tokenizer.java and Parser.java; GoCD's YamlConfigParser.java
"""

from __future__ import annotations

import re

import yaml
from yaml.reader import ReaderError

# What may follow a ":" within a plain scalar of a flow collection.
_AFTER_COLON = "\0 \t\r\n([]{}"


class NotInGoCD(yaml.MarkedYAMLError):
    """What YAML allows and GoCD's reader does not, in words for a person."""

    def __init__(self, what: str, instead: str, mark: yaml.Mark) -> None:
        super().__init__(None, None, what, mark)
        self.what = what
        self.instead = instead


class GoCDLoader(yaml.SafeLoader):
    """Composes the nodes of a text as GoCD does; what it makes of their values is not used."""

    ESCAPE_REPLACEMENTS = {  # type: ignore[misc]  # noqa: RUF012 - it is the scanner's
        escape: value for escape, value in yaml.SafeLoader.ESCAPE_REPLACEMENTS.items() if escape != "/"
    }

    def check_printable(self, data: str) -> None:
        """Let every character through, as YamlBeans does, but the one that ends its text."""
        for unreadable in re.finditer("[\0\ufeff]", data):
            reason = "special characters are not allowed"
            raise ReaderError(self.name, unreadable.start(), ord(unreadable[0]), "unicode", reason)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Let an anchor that is defined again stand for what it is given last; it is given something."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        is_nothing = isinstance(event, yaml.ScalarEvent) and not event.value and event.style is None
        if is_nothing and (event.anchor or event.tag):
            tag = str(event.tag or "").replace("tag:yaml.org,2002:", "!!")
            name = f"&{event.anchor}" if event.anchor else tag
            raise NotInGoCD(f"'{name}' with no value after it", "delete it", event.start_mark)
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)

    def parse_flow_mapping_empty_value(self) -> yaml.ScalarEvent:
        """Refuse a key in braces that has no colon, as in ``{private_ip}``."""
        mark = self.peek_token().start_mark  # type: ignore[no-untyped-call]
        raise NotInGoCD("a word in braces without a colon", "put braces that are text in quotes", mark)

    def fetch_flow_sequence_end(self) -> None:
        """Refuse a comma before a closing bracket."""
        if self.buffer[: self.pointer].rstrip().endswith(","):
            raise NotInGoCD("a comma before the ']'", "delete it", self.get_mark())
        super().fetch_flow_sequence_end()

    def scan_plain_spaces(self, indent: int, start_mark: yaml.Mark) -> list[str]:
        """Let tabs be blanks within a value and after it."""
        length = 0
        while self.peek(length) in " \t":
            length += 1
        blanks = self.prefix(length)
        if "\t" in blanks:
            self.forward(length)
            if self.peek() not in "\r\n\x85\u2028\u2029":
                return [blanks]
        return super().scan_plain_spaces(indent, start_mark) or []

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
            # The colon that ends it counts, too.
            for found in re.finditer(":", start.buffer[start.pointer : end.pointer + 1]):
                after = start.pointer + found.end()
                if start.buffer[after : after + 1] not in _AFTER_COLON:
                    what = f"a colon within '{word}', which GoCD's YAML does not take in braces and brackets"
                    raise NotInGoCD(what, "put it in quotes", start)
        return token

    def process_directives(self) -> tuple[object, object]:
        """Refuse every version but the first two."""
        mark = self.peek_token().start_mark  # type: ignore[no-untyped-call]
        directives: tuple[object, object] = super().process_directives()  # type: ignore[no-untyped-call]
        if self.yaml_version not in (None, (1, 0), (1, 1)):
            version = ".".join(map(str, self.yaml_version))
            what = f"YAML {version}, of which GoCD reads 1.1 only"
            raise NotInGoCD(what, "delete the line", mark)
        return directives
