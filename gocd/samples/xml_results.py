"""The XML form of a JTL, in which samples lie within samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from gocd.numbers import whole
from gocd.samples.outcome import (
    Outcome,
    UnreadableJtl,
    broken_elapsed,
    duration_ms,
    moment_ms,
    samples_of,
)
from gocd.samples.reasons import reason
from gocd.samples.transactions import Transactions
from gocd.samples.xml_text import xml_text

_ROOT = "testResults"
_SAMPLES = ("httpSample", "sample")
# What an assertion of the plan says, and how much of it tells why it failed.
_FAILURE, _BEGINNING = "failureMessage", 200
# Bytes of one tag, and tags within one another; a sample has some hundred, and four.
LONGEST, DEEPEST = 2**24, 100


class _Sample:
    """A sample that is not at its end yet; *requests* and *lost* count those within a transaction."""

    __slots__ = ("attributes", "failure", "lost", "requests", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.failure = ""
        self.requests = self.lost = 0

    def is_part_of(self, above: _Sample) -> bool:
        """Return whether this is a part of the request *above*, rather than a request of a transaction."""
        message = above.attributes.get("rm")
        if message is not None:
            return not Transactions.is_one(message)
        # Without messages only the names can tell: parts have that of their request and a number.
        named = self.attributes.get("lb", "").startswith(above.attributes.get("lb", "") + "-")
        return named or above.tag == "httpSample"


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
        self._open: list[_Sample | None] = []
        self._found: list[Outcome] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse_dtd

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    def __iter__(self) -> Iterator[Outcome]:
        given = 0
        for chunk in xml_text(self._file):
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
        yield from self.rest()

    def rest(self) -> Sequence[Outcome]:
        """Return what still waited for more when the record ended."""
        return self._transactions.rest()

    def _refuse_dtd(self, *_: object) -> None:
        raise UnreadableJtl(
            f"{self._path} line {self.line}: it declares a document type, which JMeter never writes"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != _ROOT:
            raise UnreadableJtl(f"{self._path} is not a JTL in XML form: it begins with <{name[:60]}>")
        if len(self._open) == DEEPEST:
            raise UnreadableJtl(f"{self._path} line {self.line}: more than {DEEPEST} tags within one another")
        # A plug-in's samples have names of their own, and stand where JMeter's do.
        is_sample = name in _SAMPLES or len(self._open) == 1 or {"ts", "t", "s"} <= attributes.keys()
        self._open.append(_Sample(name, attributes) if is_sample else None)
        self._parser.CharacterDataHandler = self._say if name == _FAILURE else None

    def _say(self, text: str) -> None:
        sample = next((each for each in reversed(self._open) if each is not None), None)
        if sample is not None and len(sample.failure) < _BEGINNING:
            sample.failure += text[:_BEGINNING]

    def _end(self, _: str) -> None:
        self._parser.CharacterDataHandler = None
        sample = self._open.pop()
        if sample is None or not self._open:
            return
        above = next((each for each in reversed(self._open) if each is not None), None)
        if above is None or not sample.is_part_of(above):
            lost = self._add(sample)
            if above is not None:
                above.requests += 1
                above.lost += lost

    def _add(self, sample: _Sample) -> bool:
        """Take a request or a transaction, and return whether it was lost."""
        told = sample.attributes
        stamp, took = told.get("ts", ""), told.get("t", "")
        if not stamp or "s" not in told:
            raise UnreadableJtl(
                f"{self._path} line {self.line}: a <{sample.tag[:60]}> without ts or s is not a result"
            )
        message = told.get("rm", "")
        lost_to = (
            ""
            if told["s"].lower() == "true"
            else reason(told.get("rc", told.get("rs", "")), message, sample.failure)
        )
        elapsed_ms = duration_ms(took)
        if elapsed_ms is None:
            lost_to, elapsed_ms, message = broken_elapsed(took), 0, ""
        sent, errors = whole(told.get("sc", "1")), whole(told.get("ec", "0"))
        try:
            due_ms = moment_ms(stamp)
        except ValueError as problem:
            raise UnreadableJtl(
                f"{self._path} line {self.line}: its time stamp {stamp[:40]} {problem}"
            ) from None
        if sent is None or errors is None or (not lost_to and duration_ms(took) is None):
            raise UnreadableJtl(
                f"{self._path} line {self.line}: a sample with {took[:40]!r} ms is not a result"
            )
        row = Outcome(due_ms, elapsed_ms, lost_to, "", told.get("lb", ""))
        if sent <= 1 and (not errors or lost_to):
            self._found += self._transactions.told(
                row,
                message,
                told.get("tn", ""),
                told.get("it", ""),
                told.get("by", ""),
                (sample.requests, sample.lost),
            )
        else:
            self._found += samples_of(row, sent, errors)
        return bool(lost_to)
