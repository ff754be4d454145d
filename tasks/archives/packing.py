"""A folder, packed so that the same content always gives the same bytes."""

import gzip
import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gocd.files import open_regular
from tasks.running.errors import Refused

# The fastest level that packs nearly as well as the slowest.
LEVEL = 6


def pack(folder: Path, into: IO[bytes], *, modes: bool = sys.platform != "win32") -> None:
    """Write *folder*'s content to *into* as tar.gz: no times, no owners, names in order.

    Whoever fetches a folder twice has other times each time, and with another umask others may write: neither
    is in it, so that the same release stays the same. One file is read at a time and in pieces, so memory
    stays flat whatever the size.

    Args:
        modes: Whether the file system knows who may read and run a file; where it does not, all may: a
            release whose script cannot be started does not start.

    Raises:
        Refused: It holds what is neither file, folder nor link, or changes meanwhile.
    """
    try:
        with (
            gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=into, mtime=0) as compressed,
            tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path in _inside(folder):
                _add(archive, path, path.relative_to(folder).as_posix(), modes)
                # Only what lists the archive afterwards has use for its members.
                archive.members = []  # type: ignore[attr-defined]
    except RecursionError:
        raise Refused(f"{folder} cannot be packed: it is nested too deeply to be a release") from None
    except OSError as problem:
        raise Refused(f"{folder} cannot be packed ({problem})") from None
    into.seek(0)


def _inside(folder: Path) -> Iterator[Path]:
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 - names sort as text, paths do not
        path = folder / name
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _inside(path)


def _add(archive: tarfile.TarFile, path: Path, name: str, modes: bool) -> None:
    member = tarfile.TarInfo(name)
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        member.type, member.linkname, member.mode = tarfile.SYMTYPE, path.readlink().as_posix(), 0o777
        archive.addfile(member)
    elif stat.S_ISDIR(found.st_mode):
        member.type, member.mode = tarfile.DIRTYPE, found.st_mode & 0o755 if modes else 0o755
        archive.addfile(member)
    elif stat.S_ISREG(found.st_mode):
        member.size, member.mode = found.st_size, found.st_mode & 0o755 if modes else 0o755
        with open_regular(path) as content:
            archive.addfile(member, content)
    else:
        raise Refused(f"{path} is neither file, folder nor link; a release has no need of it")
