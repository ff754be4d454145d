"""Which files of a run hold the same record, so that nothing is counted twice."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from gocd.samples.jtl import content_of

_CHUNK = 1 << 20


def same_records(jtls: Sequence[Path]) -> list[Path | None]:
    """Return for each file an earlier one that is the same file, or has the same content, packed or not."""
    if len(jtls) < 2:
        return [None] * len(jtls)
    first: dict[object, Path] = {}
    same: list[Path | None] = []
    for path in jtls:
        marks = _marks(path)
        same.append(next((first[mark] for mark in marks if mark in first), None))
        for mark in marks:
            first.setdefault(mark, path)
    return same


def _marks(path: Path) -> list[object]:
    """Return what two files of the same record share; what cannot be read says so when it is measured."""
    marks: list[object] = []
    with suppress(OSError, EOFError, zlib.error):
        status = path.stat()
        marks.append((status.st_dev, status.st_ino))
        digest = blake2b()
        with content_of(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        marks.append(digest.digest())
    return marks
