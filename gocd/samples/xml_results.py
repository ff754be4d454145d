"""The XML form of a JTL, in which samples lie within samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from gocd.samples.outcome import Outcome, Transactions, UnreadableJtl, milliseconds
from gocd.samples.reasons import reason

_SAMPLES = ("httpSample", "sample")
_CHUNK = 1 << 16
# Bytes of one tag, and tags within one another; a sample has some hundred, and four.
LONGEST, DEEPEST = 2**24, 100


class XmlResults:
    """The outcomes of a JTL in XML form, one by one.

    A sample within a request (a redirect, an image of a page) is a part of that request, as JMeter counts;
    samples within a transaction are the requests it stands for.

    Attributes:
        line: The line read last.
        cut_off_line: The line in which the file breaks off; a sample that does not end is left out.

    Raises:
        UnreadableJtl: It is not XML, not a JTL, or a sample lacks what is needed.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.cut_off_line: int | None = None
        self._path = path
        self._file = file
        self._transactions = Transactions()
        self._open: list[dict[str, str] | None] = []
        self._found: list[Outcome] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    def __iter__(self) -> Iterator[Outcome]:
        given = 0
        while chunk := self._file.read(_CHUNK):
            given += len(chunk)
            try:
                self._parser.Parse(chunk)
            except UnreadableJtl:
                raise
            except expat.ExpatError as error:
                raise UnreadableJtl(f"{self._path} is not XML: {error}") from None
            except (LookupError, ValueError) as error:
                raise UnreadableJtl(f"{self._path} is in an encoding that cannot be read: {error}") from None
            # expat keeps what it has not seen the end of.
            if given - self._parser.CurrentByteIndex > LONGEST:
                raise UnreadableJtl(f"{self._path} line {self.line}: a tag of more than {LONGEST:,} bytes")
            found, self._found = self._found, []
            yield from found
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError:
            self.cut_off_line = self.line
        yield from self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != "testResults":
            raise UnreadableJtl(f"{self._path} is not a JTL in XML form: it begins with <{name[:60]}>")
        if len(self._open) == DEEPEST:
            raise UnreadableJtl(f"{self._path} line {self.line}: more than {DEEPEST} tags within one another")
        self._open.append(attributes if name in _SAMPLES else None)

    def _end(self, _: str) -> None:
        sample = self._open.pop()
        if sample is None:
            return
        above = next((each for each in reversed(self._open) if each is not None), None)
        if above is None or Transactions.is_one(above.get("rm", "")):
            self._add(sample)

    def _add(self, sample: dict[str, str]) -> None:
        due_ms, elapsed_ms = milliseconds(sample.get("ts", "")), milliseconds(sample.get("t", ""))
        if due_ms is None or elapsed_ms is None or "s" not in sample:
            raise UnreadableJtl(f"{self._path} line {self.line}: a sample without ts, t or s is not a result")
        repeats = self._transactions.repeats(sample.get("rm", ""), sample.get("tn", ""), due_ms)
        if repeats is not None:
            lost_to = "" if sample["s"] == "true" else reason(sample.get("rc", ""), sample.get("rm", ""))
            label = sample.get("lb", "")
            self._found.append(Outcome(due_ms, elapsed_ms, lost_to, "", label, repeats))
