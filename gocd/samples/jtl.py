"""JMeter's result file (JTL): written here as CSV, read back in any of its forms."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from types import TracebackType

from gocd.files import TooLong, open_regular
from gocd.samples.csv_results import CsvResults
from gocd.samples.outcome import COLUMNS, Outcome, UnreadableJtl
from gocd.samples.reasons import NO_ANSWER
from gocd.samples.xml_results import XmlResults

__all__ = ["COLUMNS", "NO_ANSWER", "JtlReader", "JtlWriter", "Outcome", "UnreadableJtl"]

_GZIP = b"\x1f\x8b"


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
    """Reads the outcomes of a JTL one by one, in constant memory: CSV or XML, as it is or through gzip.

    What was not finished at its end, because its writer was killed or is still writing, is left out;
    ``cut_off_line`` tells where once all are read. CSV that breaks off between two lines looks whole.

    Attributes:
        path: The file.
        samples: How many requests were read so far.
        cut_off_line: The line in which the file breaks off.

    Raises:
        UnreadableJtl: It is no JTL, or a line other than the last is not a result.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples = 0
        self.cut_off_line: int | None = None

    def __iter__(self) -> Iterator[Outcome]:
        with content_of(self.path) as file:
            results: CsvResults | XmlResults | None = None
            try:
                results = (XmlResults if _is_xml(file) else CsvResults)(self.path, file)
                yield from self._counted(results)
                self.cut_off_line = results.cut_off_line
            except EOFError:
                # Only gzip knows before the end that the end is missing.
                self.cut_off_line = results.line + 1 if results else 1
                yield from self._counted(results.rest() if results else ())
            except TooLong as error:
                raise UnreadableJtl(f"{self.path} is not a JTL: {error.strerror}") from None
            except (gzip.BadGzipFile, zlib.error) as error:
                raise UnreadableJtl(f"{self.path} is damaged: {error}") from None

    def _counted(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        for outcome in outcomes:
            if not outcome.repeats:
                self.samples += outcome.samples
            yield outcome


@contextmanager
def content_of(path: Path) -> Iterator[BufferedReader]:
    """Open *path* for reading what it holds, packed with gzip or not.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    with ExitStack() as files:
        file = files.enter_context(open_regular(path))
        if file.peek(2)[:2] == _GZIP:
            # Looked into through a buffer, which is also what makes reading it line by line quick.
            file = files.enter_context(BufferedReader(gzip.GzipFile(fileobj=file)))
        yield file


def _is_xml(file: BufferedReader) -> bool:
    return file.peek(64)[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
