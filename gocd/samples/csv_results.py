"""The CSV form of a JTL, whatever its columns, their order and what stands between them."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterable, Iterator, Sequence
from io import BufferedReader, TextIOWrapper
from itertools import chain
from pathlib import Path

from gocd.files import ShortLines
from gocd.numbers import whole
from gocd.samples.csv_columns import NEEDED, UNNAMED, Columns, delimiter_of, is_header, looks_unnamed
from gocd.samples.outcome import (
    Outcome,
    UnreadableJtl,
    broken_elapsed,
    duration_ms,
    moment_ms,
    samples_of,
)
from gocd.samples.parts import Parts
from gocd.samples.reasons import reason
from gocd.samples.transactions import Transactions

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
        self._parts = Parts()
        self._transactions = Transactions()
        self._unfinished = False
        # Characters of the row that is being read, which may go over many lines.
        self._length = 0
        self.line = 0

    def __iter__(self) -> Iterator[Outcome]:
        first = next(self._file, "")
        if not first:
            return
        rows = csv.reader(self._lines(first), delimiter=delimiter_of(first), strict=True)
        try:
            yield from self._outcomes(rows)
        except csv.Error as error:
            if "unexpected end of data" not in str(error):
                raise UnreadableJtl(f"{self._path} line {self.line} is not CSV: {error}") from None
            self.cut_off_line = self.line
        yield from self.rest()

    def rest(self) -> Sequence[Outcome]:
        """Return what still waited for more when the record ended."""
        return self._transactions.rest()

    def _outcomes(self, rows: Iterator[list[str]]) -> Iterator[Outcome]:
        header = next(rows)
        if looks_unnamed(header):
            header, rows = list(UNNAMED), chain([header], rows)
        columns: Columns | None = self._columns(header)
        while columns is not None:
            # Records that were put one behind the other have a header each.
            columns = yield from self._read(rows, columns)

    def _columns(self, header: Sequence[str]) -> Columns:
        columns = Columns(header)
        if columns.missing == list(NEEDED):
            raise UnreadableJtl(
                f"{self._path} is not a JTL: it has no column {NEEDED[0]}, and its first line is no result "
                f"with the {len(UNNAMED)} columns that JMeter writes by default"
            )
        if columns.missing:
            raise UnreadableJtl(f"{self._path} is not a JTL: it has no column {columns.missing[0]}")
        return columns

    def _read(self, rows: Iterable[list[str]], columns: Columns) -> Generator[Outcome, None, Columns | None]:
        """Give the outcomes of *rows*, and return the columns of those that follow another header."""
        width, due, elapsed, success = columns.width, columns.due, columns.elapsed, columns.success
        label, code, message, version = columns.label, columns.code, columns.message, columns.version
        thread_name, host, idle, size = columns.thread, columns.host, columns.idle, columns.size
        failure, is_transaction = columns.failure, self._transactions.is_one
        is_part, told = self._parts.has, self._transactions.told
        header_due = columns.names[due]
        self._parts.tells_transactions = message < width
        for row in rows:
            self._length = 0
            if self._unfinished and not columns.is_whole(row):
                break
            self._unfinished = False
            if len(row) != width or row[due] == header_due:
                if not row:
                    continue
                if is_header(row):
                    return self._columns(row)
                raise self._unreadable(row)
            row.append("")
            took_ms, about = duration_ms(row[elapsed]), row[message]
            lost_to = "" if row[success].lower() == "true" else reason(row[code], row[message], row[failure])
            if took_ms is None:
                took_ms, about, lost_to = 0, "", broken_elapsed(row[elapsed])
                if not lost_to:
                    raise self._unreadable(row[:-1])
            due_ms = self._moment(row[due], row)
            if columns.stands_for_many(row, lost_to):
                yield from self._sum(
                    row, columns, Outcome(due_ms, took_ms, lost_to, row[version], row[label])
                )
                continue
            thread = row[thread_name]
            if thread and host < width:
                thread = f"{row[host]} {thread}"
            if is_transaction(about):
                self._parts.interrupted()
            elif is_part(row[label], thread, due_ms, due_ms + took_ms, lost_to != ""):
                continue
            outcome = Outcome(due_ms, took_ms, lost_to, row[version], row[label])
            yield from told(outcome, about, thread, row[idle], row[size])
        if self._unfinished:
            self.cut_off_line = self.line
        return None

    def _moment(self, stamp: str, row: list[str]) -> int:
        try:
            return moment_ms(stamp)
        except ValueError as problem:
            raise self._unreadable(row[:-1], f"; its time stamp {problem}") from None

    def _sum(self, row: list[str], columns: Columns, outcome: Outcome) -> list[Outcome]:
        sent, lost = whole(row[columns.sent] or "1"), whole(row[columns.lost] or "0")
        if sent is None or lost is None:
            raise self._unreadable(row[:-1])
        return samples_of(outcome, sent, lost)

    def _unreadable(self, row: list[str], why: str = "") -> UnreadableJtl:
        return UnreadableJtl(f"{self._path} line {self.line} is not a result: {','.join(row)[:60]}{why}")

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
