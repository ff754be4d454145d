"""What a fetch task does: it takes what an earlier job published, and does not give up at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from gocd.errors import GoCDError
from gocd.pipeline import Fetch
from gocd.rehearsal.standin_gocd.artifacts import CHECKSUMS, copy

# Seconds for which an agent sleeps while the server zips a folder, and before each further try: to the
# latter it adds up to ten more at random, of which these have the middle.
ZIPPING, FURTHER_TRIES = 5.0, (15.0, 25.0, 35.0)


def fetch(
    task: Fetch,
    pipeline: str,
    published: Path,
    job_folder: Path,
    say: Callable[[str], None],
    pause: Callable[[float], None],
) -> Path:
    """Copy what *task* names from *published* below *job_folder*; the last part of its source is kept.

    The list of checksums is left beside it.

    Args:
        pipeline: The one whose task it is.
        pause: Waits so many seconds.

    Raises:
        GoCDError: It was not published, is not of the kind asked for, or cannot be copied.
    Source: GoCD's GoArtifactManipulator.java, DownloadAction.java, FileHandler.java, DirHandler.java and
        AbstractFetchTask.java
    """
    say(f"Fetching artifact [{task.source}] from [{task.pipeline or pipeline}/{task.stage}/{task.job}]")
    folder = job_folder / task.destination
    _take_checksums(published, folder, f"{task.pipeline or pipeline}_{task.stage}_{task.job}", say)
    try:
        return _tried(task, published / task.source, folder, say, pause)
    except GoCDError as error:
        raise GoCDError(f"Failed to save artifact [{task.source}] to [{task.destination}]: {error}") from None


def _tried(
    task: Fetch, source: Path, folder: Path, say: Callable[[str], None], pause: Callable[[float], None]
) -> Path:
    for seconds in (*FURTHER_TRIES, None):
        try:
            return _taken(task, source, folder, pause)
        except GoCDError as error:
            if seconds is None:
                raise
            say(f"Could not fetch artifact [{task.source}]. Pausing {seconds:g} seconds to retry: {error}")
            pause(seconds)
    raise AssertionError("the last try returns or raises")


def _taken(task: Fetch, source: Path, folder: Path, pause: Callable[[float], None]) -> Path:
    if not (source.is_file() if task.is_file else source.is_dir()):
        raise GoCDError(f"no such {'file' if task.is_file else 'folder'} was published")
    if not task.is_file:
        pause(ZIPPING)
    return copy(source, folder)


def _take_checksums(published: Path, folder: Path, name: str, say: Callable[[str], None]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(published / CHECKSUMS, folder / f"{name}_md5.checksum")
    except FileNotFoundError:
        say("[WARN] The md5checksum property file was not found on the server.")
    except OSError as error:
        raise GoCDError(f"The checksums cannot be saved in [{folder}]: {error}") from error
