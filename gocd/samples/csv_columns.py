"""What is in which column of a JTL in CSV form, by its first line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gocd.samples.outcome import COLUMNS, duration_ms

NEEDED = ("timeStamp", "elapsed", "success")
# What JMeter writes if nobody told it otherwise; a file without a header can have no other columns.
UNNAMED = COLUMNS[:-1]
_TRUTH = ("true", "false")


class Columns:
    """Where each value of a row is; a column that the file lacks is read from behind the last.

    Attributes:
        names: The columns as the header names them.
        missing: The needed columns that are not there.
    """

    def __init__(self, header: Sequence[str]) -> None:
        self.names = header
        names = [name.strip().lower() for name in header]
        self.width = width = len(names)
        self.missing = [name for name in NEEDED if name.lower() not in names]

        def place(name: str) -> int:
            return names.index(name.lower()) if name.lower() in names else width

        self.due, self.elapsed, self.success = (place(name) for name in NEEDED)
        self.label, self.code, self.message = place("label"), place("responseCode"), place("responseMessage")
        self.thread, self.host, self.version = place("threadName"), place("Hostname"), place("version")
        self.failure = place("failureMessage")
        self.idle, self.size = place("IdleTime"), place("bytes")
        self.sent, self.lost = place("SampleCount"), place("ErrorCount")

    def is_whole(self, row: Sequence[str]) -> bool:
        """Return whether a last *row* that no end of line ends says all that a verdict needs.

        Only its last value can be cut off: that is without meaning here, or one of two words.
        """
        last = self.width - 1
        if len(row) != self.width:
            return False
        if last == self.success:
            return row[last].lower() in _TRUTH
        meant = (self.due, self.elapsed, self.label, self.code, self.message, self.thread, self.version)
        return last not in (*meant, self.sent, self.lost, self.idle) and row[last] != ""

    def stands_for_many(self, row: Sequence[str], lost_to: str) -> bool:
        """Return whether *row* is a sum of samples, or tells only in its count that it was lost."""
        if self.sent == self.width or row[self.sent] not in ("1", ""):
            return self.sent < self.width
        return not lost_to and row[self.lost] not in ("0", "")


def is_header(row: Sequence[str]) -> bool:
    """Return whether *row* names columns, as the first line does."""
    names = [name.strip().lower() for name in row]
    return all(name.lower() in names for name in NEEDED)


def looks_unnamed(row: Sequence[str]) -> bool:
    """Return whether *row* is a result already, with JMeter's own columns."""
    if len(row) != len(UNNAMED):
        return False
    row = [value.strip() for value in row]
    return duration_ms(row[1].lstrip("-")) is not None and row[UNNAMED.index("success")].lower() in _TRUTH


def delimiter_of(first_line: str) -> str:
    """Return what stands behind the first name, number or date of the first line."""
    found = re.match(
        r'"?(?:[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[ T][0-9:.]*[0-9]|[A-Za-z]+|[0-9]+)"?([^A-Za-z0-9])',
        first_line,
    )
    return found[1] if found and found[1] not in '\r\n"' else ","
