"""Where a rehearsal deletes folders: only below one that is its own, and never through a link."""

from __future__ import annotations

import os
from pathlib import Path

from gocd.errors import GoCDError


def remove(path: Path, own: Path) -> None:
    """Delete *path* with all that is in it, which has to be in the folder *own*; nothing there is no error.

    A link is deleted, and what it leads to is left alone.

    Raises:
        GoCDError: It is not in *own*, or something of it cannot be deleted.
    """
    home, place = own.resolve(), path.parent.resolve() / path.name
    if path.name in ("", "..") or home not in place.parents:
        raise GoCDError(f"{path} is not in {own} and is left alone")
    try:
        _delete(place)
    except OSError as problem:
        raise GoCDError(f"{problem.filename or path} cannot be deleted ({problem.strerror})") from None


def _delete(place: Path) -> None:
    # Not by recursion: tasks leave folders deeper than Python's calls may be.
    if not _is_folder(place):
        place.unlink(missing_ok=True)
        return
    folders = [str(place)]
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    Path(entry.path).unlink()
    for folder in reversed(folders):
        Path(folder).rmdir()


def _is_folder(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()
