"""The commands of a shell script, as far as they can be told without running it.

Source: The Open Group Base Specifications, Shell Command Language, 2.2 Quoting to 2.7 Redirection
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gocd.errors import GoCDError

# One level of parentheses within a substitution is what people write.
_SUBSTITUTION = r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`"
_TOKEN = re.compile(
    rf"""
    (?P<blank>(?:[ \t\r]|\\\r?\n)+)
    | (?P<redirection>[0-9]*(?:<<-?|<>|[<>]&|>>|>\||[<>])|&>>?)
    | (?P<end>[\n;&|()]+)
    | (?P<single>'[^']*')
    | (?P<double>"(?:\\.|{_SUBSTITUTION}|\$(?!\()|[^"\\$`])*")
    | (?P<substituted>{_SUBSTITUTION})
    | (?P<escaped>\\.)
    | (?P<plain>[^\s;&|()<>'"`\\$]+|\$)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True)
class Word:
    """A word of a command, on so many lines below the script's first."""

    text: str
    line: int = 0
    is_known: bool = True
    """False where the shell makes of it what only a run can tell: a variable's value, some files' names."""


Command = tuple[Word, ...]


def commands(script: str) -> list[Command]:
    """Return the commands of *script* one by one, without redirections; those of ``$(...)`` come first.

    Raises:
        GoCDError: A quote is never closed.
    """
    return _Reader(script).commands()


class _Reader:
    """Goes through a script once; *line* is where it begins in the whole."""

    def __init__(self, script: str, line: int = 0) -> None:
        self._script = script
        self._line = line
        self._at = 0
        self._found: list[Command] = []
        self._words: list[Word] = []
        self._word: Word | None = None
        # What the next word is, if it is none of the command: a file's name, or what ends a document.
        self._awaited = ""
        self._delimiter = ""

    def commands(self) -> list[Command]:
        while self._at < len(self._script):
            self._read_token()
        self._end_word()
        self._end_command()
        return self._found

    def _read_token(self) -> None:
        comment = _COMMENT.match(self._script, self._at) if self._word is None else None
        token = comment or _TOKEN.match(self._script, self._at)
        if token is None:
            shown = repr(self._script[:80])
            raise GoCDError(f"the shell line {shown} cannot be read: a quote in it is never closed")
        kind, text, self._at = token.lastgroup, token[0], token.end()
        if kind in ("blank", "redirection", "end"):
            self._end_word()
        if kind == "redirection":
            self._awaited = "document" if text.lstrip("0123456789").startswith("<<") else "file"
        elif kind == "end":
            self._end_command()
            if "\n" in text:
                self._pass_document()
        elif kind not in (None, "blank"):
            self._read_substitutions(text if kind != "single" else "")
            self._word = _joined(self._word or Word("", self._line), str(kind), text)
        self._line += text.count("\n")

    def _end_word(self) -> None:
        if self._word is None:
            return
        if self._awaited == "document":
            self._delimiter = self._word.text
        elif not self._awaited:
            self._words.append(self._word)
        self._word, self._awaited = None, ""

    def _end_command(self) -> None:
        if self._words:
            self._found.append(tuple(self._words))
        self._words = []

    def _pass_document(self) -> None:
        if not self._delimiter:
            return
        end = re.compile(rf"^\t*{re.escape(self._delimiter)}$", re.MULTILINE).search(self._script, self._at)
        until = end.end() if end else len(self._script)
        self._line += self._script.count("\n", self._at, until)
        self._at, self._delimiter = until, ""

    def _read_substitutions(self, text: str) -> None:
        for inner in re.findall(_SUBSTITUTION, text):
            script = inner.strip("`") if inner[0] == "`" else inner[2:-1]
            self._found += _Reader(script, self._line).commands()


def _joined(word: Word, kind: str, text: str) -> Word:
    """*word* with one more part, what quotes it taken off."""
    is_known = True
    if kind in ("single", "double"):
        text = text[1:-1]
    if kind == "double":
        is_known = not re.search(r"(?<!\\)[$`]", text)
        text = re.sub(r'\\([$`"\\])|\\\n', r"\1", text)
    elif kind == "escaped":
        text = text[1:]
    elif kind in ("plain", "substituted"):
        is_known = kind == "plain" and not _is_expanded(text)
    return Word(word.text + text, word.line, word.is_known and is_known)


def _is_expanded(text: str) -> bool:
    """Whether a shell would put variables, names of files or several words in its place."""
    braces = {"{", "}"} <= set(text) and ("," in text or ".." in text)
    return bool(set("$*?") & set(text)) or {"[", "]"} <= set(text) or braces
