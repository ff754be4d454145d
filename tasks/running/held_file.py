"""A file that a process holds for as long as it lives, so that another with its id is not taken for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from gocd.files import open_regular, open_to_append

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO, *, alone: bool) -> None:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as held:
            # Told there as if it were a matter of rights.
            raise BlockingIOError(held.errno, held.strerror) from None

else:
    import fcntl

    def _lock(file: BinaryIO, *, alone: bool) -> None:
        # A look that shares needs no right to write, and disturbs no other look.
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)


def hold(path: Path) -> BinaryIO:
    """Hold *path*, made if absent, until what is returned is closed, or this process ends in whatever way.

    Raises:
        BlockingIOError: Another process holds it.
        OSError: It cannot be written.
    """
    file = open_to_append(path)
    try:
        _lock(file, alone=True)
    except OSError:
        file.close()
        raise
    return file


def is_held(path: Path) -> bool:
    """Whether a process holds *path*."""
    try:
        with open_regular(path) as file:
            _lock(file, alone=False)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
