"""A rehearsal's folder: one at a time is in it, and of what it holds only what one has made is deleted."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gocd.errors import GoCDError
from gocd.files import make_folder, read_bounded, write_whole
from gocd.rehearsal.removal import remove

MARK = ".rehearsal"
TITLE = "A rehearsal of gocd-tasks made these, and the next one in this folder deletes them:"

# How many names of strange files are told.
TOLD = 3


@contextmanager
def own_folder(
    folder: Path, names: Collection[str], *, needed: Sequence[Path] = ()
) -> Iterator[Callable[[], None]]:
    """Hold *folder*, made if absent, for one rehearsal, and give what empties it of an earlier one.

    Args:
        names: What this rehearsal may make in it, each a file or folder.
        needed: Files that it is made from.

    Raises:
        GoCDError: It cannot be used, another rehearsal runs in it, it holds what none has made, or something
            *needed* would be deleted; nothing was changed.
    """
    made: list[Path] = []
    held = -1
    try:
        made += [each for each in (folder, *folder.parents) if not each.exists()]
        make_folder(folder)
        held = _held(folder)
        earlier = _made_earlier(folder)
        _refuse_strange(folder, earlier)
        _refuse_needed(folder, earlier or (), needed)
        write_whole(folder / MARK, "\n".join([TITLE, *sorted({*names, *(earlier or ())}), ""]))
    except (OSError, GoCDError) as problem:
        if held >= 0:
            os.close(held)
        for each in made:
            with suppress(OSError):
                each.rmdir()
        if isinstance(problem, OSError):
            raise GoCDError(f"the folder {folder} cannot be used ({problem.strerror})") from None
        raise

    def empty() -> None:
        for name in earlier or ():
            remove(folder / name, folder)

    try:
        yield empty
    finally:
        os.close(held)


def _held(folder: Path) -> int:
    """Lock *folder*; the lock ends with the process, however that ends."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise GoCDError(
            f"another rehearsal runs in {folder}; wait for its end, or name another with --folder"
        ) from None
    except OSError:
        # There are network file systems that lock no folder.
        pass
    return held


def _made_earlier(folder: Path) -> list[str] | None:
    """The names that an earlier rehearsal says it made; None if there was none."""
    mark = folder / MARK
    if mark.is_symlink() or not mark.is_file():
        return None
    title, *names = read_bounded(mark).decode(errors="replace").splitlines() or [""]
    return [name for name in names if name and Path(name).name == name != ".."] if title == TITLE else None


def _refuse_needed(folder: Path, earlier: Collection[str], needed: Sequence[Path]) -> None:
    gone = {folder.resolve() / name for name in earlier}
    for file in needed:
        if gone & {file.resolve(), *file.resolve().parents}:
            raise GoCDError(f"{file} is of an earlier rehearsal in {folder}; name another with --folder")


def _refuse_strange(folder: Path, earlier: Collection[str] | None) -> None:
    known = {MARK, *earlier} if earlier is not None else set()
    with os.scandir(folder) as entries:
        strange = sorted(entry.name for entry in entries if entry.name not in known or entry.is_symlink())
    if not strange:
        return
    told = ", ".join(name if name.isprintable() else repr(name) for name in strange[:TOLD])
    if len(strange) > TOLD:
        told += f" and {len(strange) - TOLD:,} more"
    what = "is not empty and not of a rehearsal" if earlier is None else "is not a rehearsal's alone"
    raise GoCDError(f"{folder} {what}: it holds {told}; name another with --folder")
