"""Files that others made, opened so that nothing hangs or swells, and files of ours, written whole.

What a person names may be a pipe that nobody writes to, a device without an end, or a line of gigabytes.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from errno import EFBIG, EINVAL
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, BinaryIO, TypeVar

Opened = TypeVar("Opened", bound=IO[bytes])

# Bytes of what people write by hand, or programs in their place; what is longer is something else.
LONGEST_TEXT = 1024**2

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}
# Whoever opens a pipe otherwise waits for its other end; Windows has none that would.
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


class TooLong(OSError):
    """It is longer than anything of its kind; ``strerror`` says what is, and than what."""


def open_regular(path: Path) -> BufferedReader:
    """Open *path*, which somebody else made, for reading.

    Raises:
        OSError: It cannot be read, or is no regular file; ``strerror`` says so in words.
    """
    _check(path, path.stat().st_mode)
    return _kept(path, open(path, "rb", opener=_at_once))


def open_to_append(path: Path) -> BinaryIO:
    """Open *path* for adding to its end, each write at once; it is made if absent.

    Raises:
        OSError: It cannot be written, or is no regular file; ``strerror`` says so in words.
    """
    with suppress(FileNotFoundError):
        _check(path, path.stat().st_mode)
    return _kept(path, open(path, "ab", buffering=0, opener=_at_once))


def read_bounded(path: Path, most: int = LONGEST_TEXT) -> bytes:
    """Return what is in *path*, which somebody else made.

    Raises:
        OSError: It cannot be read, is no regular file, or has more than *most* bytes.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLong(EFBIG, f"it has more than {most:,} bytes", str(path))
    return content


class ShortLines(RawIOBase):
    """Passes *file* on for as long as each of its lines has at most *most* bytes, give or take a buffer.

    Raises:
        TooLong: One has more.
    """

    def __init__(self, file: BufferedReader, most: int) -> None:
        self._file = file
        self._most = most
        self._unfinished = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        count = self._file.readinto1(into)
        end = bytes(into[:count]).rfind(b"\n")
        self._unfinished = count - end - 1 if end >= 0 else self._unfinished + count
        if self._unfinished > self._most:
            raise TooLong(EFBIG, f"a line of it has more than {self._most:,} bytes")
        return count


def make_folder(folder: Path) -> None:
    """Make *folder* and what is missing above it, however deep that is.

    Raises:
        OSError: It cannot be made, or is something else.
    """
    missing = []
    for each in (folder, *folder.parents):
        if each.is_dir():
            break
        missing.append(each)
    for each in reversed(missing):
        each.mkdir(exist_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Put *text* into a new file *path*, in place of whatever has this name; a failure leaves that as it is.

    Raises:
        OSError: It cannot be written, for example because the disk is full; ``filename`` is *path*.
    """
    new = path.with_name(f"{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            new.unlink()
        # What is no text, such as a file's name in another encoding, is shown as its bytes.
        with new.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        new.replace(path)
    except OSError as problem:
        with suppress(OSError):
            new.unlink()
        raise OSError(problem.errno, problem.strerror, str(path)) from None


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | _AT_ONCE, 0o666)


def _check(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise OSError(EINVAL, f"it is {kind} and no file", str(path))


def _kept(path: Path, file: Opened) -> Opened:
    # It may have become another one in between.
    try:
        _check(path, os.fstat(file.fileno()).st_mode)
    except OSError:
        file.close()
        raise
    return file
