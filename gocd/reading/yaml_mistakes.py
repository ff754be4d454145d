"""What a person did where a text is no YAML: the line to mend is seldom the one that a parser stops at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import yaml

from gocd.reading.yaml_dialect import GoCDLoader, NotInGoCD

_KEY = re.compile(r"\s*(?:- +)*(?P<key>[\w.\"'#{}-]+)(?P<colon>\s*:(?:\s|$))?")
# A line of another value, within quotes that were never closed.
_IN_QUOTES = re.compile(r"\n\s*(?:- +)?[\w.-]+\s*:(?:\s|$)|\n\s*- ")
_LOST = re.compile(r"#\{[^}]*\}|[^\s,\]}]+")
# What PyYAML counts as the end of a line.
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
# Characters of a line that a person looks through.
_SHOWN = 500
_COMMENT = re.compile(r"(?<=[\s,])#.*")


@dataclass(frozen=True)
class Mistake:
    """Lines and columns begin at 1."""

    line: int
    column: int
    what: str
    instead: str = ""


def explained(text: str, error: yaml.MarkedYAMLError) -> Mistake:
    """Return what *error* comes from, in the text that a person wrote."""
    known = _Spoilt(text, error)
    if isinstance(error, NotInGoCD):
        return known.braces() or known.told(error.what, error.instead)
    ways: tuple[Callable[[], Mistake | None], ...] = (
        known.tab,
        known.escape,
        known.open_quote,
        known.open_bracket,
        known.beginning,
        known.text_after_its_value,
        known.no_colon,
        known.second_colon,
        known.item_beside_its_key,
        known.indentation,
        known.anchor,
    )
    return next((found for way in ways if (found := way())), known.as_it_is)


class _Spoilt:
    """A text with the error that a parser ends in; a way to explain it returns nothing if it is another."""

    def __init__(self, text: str, error: yaml.MarkedYAMLError) -> None:
        self._text = text
        self._lines = _BREAK.split(text)
        self._problem = error.problem or ""
        self._context = error.context or ""
        mark = error.problem_mark or error.context_mark
        self._line, self._column = (mark.line, mark.column) if mark else (0, 0)
        begun = error.context_mark
        self._begun = begun.line if begun else self._line

    @cached_property
    def _tokens(self) -> list[yaml.Token]:
        """Those before the error."""
        found: list[yaml.Token] = []
        loader = GoCDLoader(self._text)
        try:
            while loader.check_token():
                token: yaml.Token = loader.get_token()  # type: ignore[no-untyped-call]
                if (token.start_mark.line, token.start_mark.column) >= (self._line, self._column):
                    break
                found.append(token)
        except yaml.MarkedYAMLError:
            pass
        return found

    def told(self, what: str, instead: str = "") -> Mistake:
        return Mistake(self._line + 1, self._column + 1, what, instead)

    @property
    def as_it_is(self) -> Mistake:
        words = self._problem or self._context
        for theirs, ours in _WORDS.items():
            words = words.replace(theirs, ours)
        return Mistake(self._line + 1, self._column + 1, words)

    def tab(self) -> Mistake | None:
        for number in (self._line, self._begun):
            line = self._lines[number] if number < len(self._lines) else ""
            blank = line[: len(line) - len(line.lstrip())]
            if "\t" in blank:
                what = "a tab, which YAML does not take for indentation"
                return Mistake(number + 1, blank.index("\t") + 1, what, "write blanks in its place")
        return None

    def open_quote(self) -> Mistake | None:
        """A quote that is closed by the first one of another value, if at all."""
        for token in self._tokens:
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                start, end = token.start_mark, token.end_mark
                if _IN_QUOTES.search(self._text[start.index : end.index]):
                    return self._open_quote(start.line, start.column, f"until line {end.line + 1}")
        if "quoted scalar" in self._context and "end of stream" in self._problem:
            return self._open_quote(self._begun, None, "until the end of the file")
        return None

    def _open_quote(self, line: int, column: int | None, until: str) -> Mistake:
        if column is None:
            quote = re.search("[\"']", self._lines[line])
            column = quote.start() if quote else 0
        return Mistake(line + 1, column + 1, f"a quote that is not closed {until}", "close it on its line")

    def escape(self) -> Mistake | None:
        r"""A path such as ``"C:\srv"``, of which double quotes make something else."""
        if "double-quoted scalar" not in self._context or "end of stream" in self._problem:
            return None
        column = self._lines[self._line].rfind("\\", 0, self._column + 1)
        what = r"a '\' in double quotes begins an escape, and this is none"
        return Mistake(
            self._line + 1, max(0, column) + 1, what, r"write '\\', or put the value in single quotes"
        )

    def open_bracket(self) -> Mistake | None:
        """A bracket or brace that is not closed on its line, or by what a ``#`` has made a comment."""
        opened: list[yaml.Token] = []
        for token in self._tokens:
            if isinstance(token, (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)):
                opened.append(token)
            elif isinstance(token, (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)) and opened:
                opened.pop()
        if not opened:
            return None
        mark = opened[-1].start_mark
        line = self._lines[mark.line]
        is_list = isinstance(opened[-1], yaml.FlowSequenceStartToken)
        bracket, closing = ("[", "]") if is_list else ("{", "}")
        comment = _COMMENT.search(line, mark.column)
        if comment and closing in comment[0]:
            word = (_LOST.match(comment[0]) or comment)[0]
            what = f"'{comment[0]}' is a comment, so that the '{bracket}' before it is never closed"
            return Mistake(mark.line + 1, comment.start() + 1, what, f'put it in quotes: "{word}"')
        if self._line > mark.line:
            what = f"a '{bracket}' that is not closed on its line"
            return Mistake(mark.line + 1, mark.column + 1, what, f"close it with '{closing}'")
        what = (
            f"'{line[self._column : self._column + 20].rstrip()}' does not fit into the '{bracket}' before it"
        )
        return Mistake(self._line + 1, self._column + 1, what, f"write a comma, '{closing}', or quotes")

    def beginning(self) -> Mistake | None:
        """A value that begins with a character of YAML's own."""
        found = re.search(r"found character '(.)' that cannot start any token", self._problem)
        sign = found[1] if found else ""
        mark = self._column
        if "scanning an alias" in self._context or "scanning an anchor" in self._context:
            sign, mark = ("*" if "alias" in self._context else "&"), max(0, self._column - 1)
        elif "scanning a block scalar" in self._context:
            sign = "|' or '>"
        if not sign:
            return None
        what = f"a value cannot begin with '{sign}' unless it is in quotes"
        return Mistake(self._line + 1, mark + 1, what, self._quoted(self._line, mark))

    def _quoted(self, line: int, column: int) -> str:
        value = self._lines[line][column:].strip() if line < len(self._lines) else ""
        return f"write '{value}'" if value and "'" not in value and len(value) < 60 else "put it in quotes"

    def braces(self) -> Mistake | None:
        """A value that is meant as text, such as ``{private_ip}``, perhaps with more after it."""
        found = re.search(r"(?:: +|- +)(?P<value>\{[^:]*\}.*)$", self._lines[self._line][:_SHOWN])
        if found is None or "braces without a colon" not in self._problem:
            return None
        begun = found.start("value")
        what = "a value that begins with '{' is a mapping, and this one has no colon"
        return Mistake(self._line + 1, begun + 1, what, self._quoted(self._line, begun))

    def text_after_its_value(self) -> Mistake | None:
        """A value that ends with a brace or a quote, and goes on."""
        if "<scalar>" not in self._problem or not self._tokens:
            return None
        last = self._tokens[-1]
        if last.end_mark.line != self._line:
            return None
        begun = self._lines[self._line].find("{")
        if isinstance(last, yaml.FlowMappingEndToken) and begun >= 0:
            what = "a value that begins with '{' is a mapping, and ends with its '}'"
            return Mistake(self._line + 1, begun + 1, what, self._quoted(self._line, begun))
        if isinstance(last, yaml.ScalarToken) and last.style:
            what = f"text after the closing {last.style} of a value"
            return Mistake(self._line + 1, self._column + 1, what, "put all of it in quotes")
        return None

    def no_colon(self) -> Mistake | None:
        """A key without its colon, which the lines below it then belong to."""
        if "could not find expected ':'" in self._problem:
            return self._no_colon(self._begun)
        before = self._above(self._line)
        if "mapping values are not allowed" not in self._problem or before is None:
            return None
        return self._no_colon(before)

    def _no_colon(self, number: int) -> Mistake | None:
        line = self._lines[number]
        found = _KEY.match(line)
        if found is None or found["colon"] or re.search(r":(?:\s|$)", line):
            return None
        key, rest = found["key"], line[found.end() :].split(" #")[0].strip()
        what = f"no blank after the colon of '{key}'" if rest.startswith(":") else f"no colon after '{key}'"
        mended = f"{key}: {rest.lstrip(':')}".strip()
        return Mistake(number + 1, found.start("key") + 1, what, f"write '{mended}'")

    def second_colon(self) -> Mistake | None:
        if "mapping values are not allowed" not in self._problem:
            return None
        line = self._lines[self._line][:_SHOWN]
        first = re.search(r":\s+(?P<value>[^\s\"'].*:(?:\s.*)?)$", line)
        if first is None or first.start() >= self._column:
            return None
        what = "a second colon and blank in one line: the value itself has one"
        return Mistake(self._line + 1, self._column + 1, what, self._quoted(self._line, first.start("value")))

    def item_beside_its_key(self) -> Mistake | None:
        if "sequence entries are not allowed" not in self._problem:
            return None
        what = "a list's '-' on the line of its key"
        return Mistake(self._line + 1, self._column + 1, what, "begin a line of its own with it, indented")

    def indentation(self) -> Mistake | None:
        """A line that is indented like none of those that it could belong to."""
        misfit = "mapping values are not allowed" in self._problem or "<block end>" in self._problem
        # What a list's item must fit is the first one.
        above = self._begun if "block collection" in self._context else self._above(self._line)
        if not misfit or above is None or above >= self._line:
            return None
        own, theirs = self._indented(self._line), self._indented(above)
        usual = Counter(map(self._indented, range(len(self._lines))))
        # Of the two, the one that is indented as few others are is the one that slipped.
        number, other = self._line, above
        if (theirs % 2 == 0, usual[theirs]) < (own % 2 == 0, usual[own]):
            number, other = above, self._line
        word = self._lines[number].strip().split(" ")[0]
        blanks = self._indented(number)
        what = f"'{word}' is indented by {blanks} blanks, and line {other + 1} by {self._indented(other)}"
        hint = "give lines that belong together the same indentation, and those below a key more"
        return Mistake(number + 1, blanks + 1, what, hint)

    def anchor(self) -> Mistake | None:
        found = re.search(r"undefined alias '(.*)'", self._problem)
        if found is None:
            return None
        what = f"'*{found[1]}' stands for an anchor, and there is no '&{found[1]}' above it"
        return Mistake(
            self._line + 1, self._column + 1, what, f"if it is none, put it in quotes: '*{found[1]}'"
        )

    def _above(self, number: int) -> int | None:
        """The last line before it that says something."""
        above = (each for each in range(number - 1, -1, -1) if self._lines[each].strip())
        return next((each for each in above if not self._lines[each].lstrip().startswith("#")), None)

    def _indented(self, number: int) -> int:
        line = self._lines[number]
        return len(line) - len(line.lstrip(" "))


_WORDS = {
    "could not find expected ':'": "no colon before the end of the line",
    "expected '<document start>', but found": "the indentation does not fit, at",
    "expected the node content, but found": "no value can begin with",
    "expected <block end>, but found": "the indentation does not fit, at",
    "<block mapping start>": "a mapping",
    "<block sequence start>": "a list",
    "<scalar>": "a value",
}
