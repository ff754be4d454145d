"""What JMeter has recorded so far, for a person who watches."""

from __future__ import annotations

import csv
from pathlib import Path

from gocd.files import open_regular


class GrowingRecord:
    """A record in the form that ``RECORD`` asks for, read on as it grows.

    It tells, and judges nothing: a line that it cannot read, such as one of a message over several
    lines, is passed over.
    """

    def __init__(self, jtl: Path) -> None:
        self._jtl = jtl
        self._read = 0
        self._unfinished = b""
        self._columns: list[str] = []
        self._samples = self._errors = 0
        self._ends: list[int] = []
        self._gap_ms = 0
        self._latest_ms: int | None = None

    def numbers(self) -> str:
        """Read on, and return the figures until now; the rate is that of the last five seconds."""
        self._read_on()
        newest = self._ends[-1] if self._ends else 0
        self._ends = [end for end in self._ends if end > newest - 5000]
        counted = f"{_counted(self._samples, 'sample')}, {_counted(self._errors, 'error')}"
        counted += f", {len(self._ends) / 5:,.0f}/s"
        return f"{counted}, longest gap {self._gap_ms:,} ms"

    def _read_on(self) -> None:
        try:
            with open_regular(self._jtl) as record:
                record.seek(self._read)
                fresh = record.read()
        except FileNotFoundError:
            return
        self._read += len(fresh)
        *lines, self._unfinished = (self._unfinished + fresh).split(b"\n")
        for row in csv.reader(line.decode(errors="replace") for line in lines):
            if not self._columns:
                self._columns = row
            elif len(row) == len(self._columns):
                self._count(dict(zip(self._columns, row, strict=True)))

    def _count(self, sample: dict[str, str]) -> None:
        try:
            end = int(sample["timeStamp"]) + int(sample["elapsed"])
        except (KeyError, ValueError):
            return
        self._samples += 1
        self._ends.append(end)
        if sample.get("success") != "true":
            self._errors += 1
            return
        if self._latest_ms is not None:
            self._gap_ms = max(self._gap_ms, end - self._latest_ms)
        self._latest_ms = max(end, self._latest_ms or end)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
