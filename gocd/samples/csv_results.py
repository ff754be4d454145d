"""The CSV form of a JTL, whatever its columns, their order and what stands between them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BufferedReader, TextIOWrapper
from itertools import chain
from pathlib import Path

from gocd.files import ShortLines
from gocd.samples.outcome import (
    COLUMNS,
    LATEST,
    Outcome,
    Transactions,
    UnreadableJtl,
    milliseconds,
)
from gocd.samples.reasons import reason

NEEDED = ("timeStamp", "elapsed", "success")
# What JMeter writes if nobody told it otherwise; a file without a header can have no other columns.
UNNAMED = COLUMNS[:-1]
# A failure message may hold a whole page; the csv module's own limit of 128 KiB is for all its users.
LONGEST = 2**24
csv.field_size_limit(LONGEST)


class CsvResults:
    """The outcomes of a JTL in CSV form, one by one.

    Attributes:
        line: The line read last.
        cut_off_line: The line in which the file breaks off; that line is left out.

    Raises:
        UnreadableJtl: A needed column is missing, or a line does not fit the others.
    """

    def __init__(self, path: Path, file: BufferedReader) -> None:
        self.cut_off_line: int | None = None
        self._path = path
        lines = BufferedReader(ShortLines(file, LONGEST), 1 << 16)
        self._file = TextIOWrapper(lines, encoding="utf-8-sig", errors="replace", newline="")
        self._transactions = Transactions()
        self._unfinished = False
        # Characters of the row that is being read, which may go over many lines.
        self._length = 0
        self.line = 0

    def __iter__(self) -> Iterator[Outcome]:
        first = next(self._file, "")
        if not first:
            return
        rows = csv.reader(self._lines(first), delimiter=_delimiter(first), strict=True)
        try:
            yield from self._outcomes(rows)
        except csv.Error as error:
            if "unexpected end of data" not in str(error):
                raise UnreadableJtl(f"{self._path} line {self.line} is not CSV: {error}") from None
            self.cut_off_line = self.line

    def _outcomes(self, rows: Iterator[list[str]]) -> Iterator[Outcome]:
        header = next(rows)
        if NEEDED[0] in header:
            missing = [name for name in NEEDED if name not in header]
        elif len(header) == len(UNNAMED) and milliseconds(header[1]) is not None:
            header, rows, missing = list(UNNAMED), chain([header], rows), []
        else:
            missing = [NEEDED[0]]
        if missing:
            raise UnreadableJtl(f"{self._path} is not a JTL: it has no column {missing[0]}")
        yield from self._read(rows, header)

    def _read(self, rows: Iterable[list[str]], columns: list[str]) -> Iterator[Outcome]:
        width = len(columns)
        due, elapsed, success = (columns.index(name) for name in NEEDED)
        # A column that the file lacks is read from an empty one added to each row.
        label, code, message, thread, version, failure = (
            columns.index(name) if name in columns else width
            for name in (
                "label",
                "responseCode",
                "responseMessage",
                "threadName",
                "version",
                "failureMessage",
            )
        )
        repeats = self._transactions.repeats
        for row in rows:
            self._length = 0
            if self._unfinished:
                break
            took_ms = milliseconds(row[elapsed]) if len(row) == width else None
            if took_ms is None:
                if not row:
                    continue
                raise self._unreadable(row)
            row.append("")
            due_ms = milliseconds(row[due])
            if due_ms is None:
                due_ms = self._moment(row, due)
            repeated = repeats(row[message], row[thread], due_ms)
            if repeated is None:
                continue
            yield Outcome(
                due_ms,
                took_ms,
                "" if row[success] == "true" else reason(row[code], row[message], row[failure]),
                row[version],
                row[label],
                repeated,
            )
        if self._unfinished:
            self.cut_off_line = self.line

    def _moment(self, row: list[str], due: int) -> int:
        """JMeter may be told to write dates, in the zone of the machine it ran on."""
        try:
            due_ms = round(datetime.fromisoformat(row[due].replace("/", "-")).timestamp() * 1000)
        except (ValueError, OverflowError):
            due_ms = -1
        if 0 <= due_ms <= LATEST:
            return due_ms
        raise self._unreadable(row[:-1])

    def _unreadable(self, row: list[str]) -> UnreadableJtl:
        return UnreadableJtl(f"{self._path} line {self.line} is not a result: {','.join(row)[:60]}")

    def _lines(self, first: str) -> Iterator[str]:
        for line in chain((first,), self._file):
            self.line += 1
            self._length += len(line)
            if self._length > LONGEST:
                raise UnreadableJtl(
                    f"{self._path} line {self.line}: a result of more than {LONGEST:,} characters"
                )
            self._unfinished = not line.endswith("\n")
            yield line


def _delimiter(first_line: str) -> str:
    """Return what stands behind the first name, or number, of the first line."""
    found = re.match(r'"?\w+"?(\W)', first_line)
    return found[1] if found and found[1] not in "\r\n" else ","
