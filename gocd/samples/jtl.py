"""JMeter's CSV result file (JTL): one line per request, written here and read back."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

COLUMNS = (
    *("timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType"),
    *("success", "failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads"),
    *("URL", "Latency", "IdleTime", "Connect", "version"),
)
NEEDED = ("timeStamp", "elapsed", "responseCode", "success")
# JMeter's own words for a request that no HTTP answer ended.
NO_ANSWER = "Non HTTP response code: "


class UnreadableJtl(ValueError):
    """The file is not a JTL in CSV form."""


class Outcome(NamedTuple):
    """What became of one request: times in ms since 1970; ``lost_to`` is empty if it succeeded."""

    due_ms: int
    elapsed_ms: int
    lost_to: str
    version: str


class JtlWriter:
    """Writes a new JTL; lines reach the disk at ``flush``."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(COLUMNS)
        self.flush()

    def write(self, *values: object) -> None:
        """Add one line; *values* are in the order of ``COLUMNS``."""
        self._rows.writerow(values)

    def flush(self) -> None:
        self._file.flush()

    def __enter__(self) -> JtlWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._file.close()


class JtlReader:
    """Reads the outcomes of a JTL one by one, in constant memory.

    A last line that was not finished, because its writer was killed or is still writing, is left out;
    ``truncated`` tells of it once all are read.

    Raises:
        UnreadableJtl: a needed column is missing, or a line other than the last does not fit the header.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.truncated = False

    def __iter__(self) -> Iterator[Outcome]:
        with self._path.open(encoding="utf-8", errors="replace", newline="") as file:
            try:
                yield from self._outcomes(self._whole_rows(file))
            except csv.Error as error:
                raise UnreadableJtl(f"{self._path} is not a JTL in CSV form: {error}") from None

    def _outcomes(self, rows: Iterator[list[str]]) -> Iterator[Outcome]:
        header = next(rows, None)
        if header is None:
            return
        missing = [name for name in NEEDED if name not in header]
        if missing:
            raise UnreadableJtl(f"{self._path} is not a JTL in CSV form: it has no column {missing[0]}")
        due, elapsed, code, success = (header.index(name) for name in NEEDED)
        version = header.index("version") if "version" in header else None
        for number, row in enumerate(rows, 2):
            if len(row) != len(header) or not (row[due].isdecimal() and row[elapsed].isdecimal()):
                raise UnreadableJtl(f"{self._path} line {number} is not a result: {','.join(row)[:60]}")
            yield Outcome(
                int(row[due]),
                int(row[elapsed]),
                "" if row[success] == "true" else _kind(row[code]),
                "" if version is None else row[version],
            )

    def _whole_rows(self, file: Iterable[str]) -> Iterator[list[str]]:
        row: list[str] = []
        columns = 0
        for following in csv.reader(self._lines(file)):
            columns = columns or len(following)
            if row:
                yield row
            row = following
        # The last line may also break off behind a line feed inside quotes.
        self.truncated = self.truncated or len(row) != columns
        if row and not self.truncated:
            yield row

    def _lines(self, file: Iterable[str]) -> Iterator[str]:
        for line in file:
            self.truncated = not line.endswith("\n")
            yield line


def _kind(code: str) -> str:
    if code.startswith(NO_ANSWER):
        return code.removeprefix(NO_ANSWER)
    # 2xx and lost: answered, and refused by one of JMeter's assertions.
    return "bad answer" if code.startswith("2") else f"HTTP {code}"
