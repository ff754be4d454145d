"""Artifacts: which files a rule means, where they go, and how a later job gets them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gocd.errors import GoCDError
from gocd.files import open_regular
from gocd.pipeline import Artifact, Fetch

_TEST_FOLDER = "testoutput"


def publish_all(
    artifacts: Iterable[Artifact], job_folder: Path, published: Path, say: Callable[[str], None]
) -> str:
    """Publish what a job's rules mean and return the first problem, if any, which fails the job.

    Nothing for a test artifact to match is said, and is no problem.
    """
    problem = ""
    for artifact in artifacts:
        try:
            for source, folder in publish(artifact, job_folder, published):
                say(f"Uploading artifacts from {source} to {folder or '[defaultRoot]'}")
        except GoCDError as error:
            say(str(error))
            if artifact.kind != "test":
                problem = problem or str(error)
    return problem


def publish(artifact: Artifact, job_folder: Path, published: Path) -> Iterator[tuple[Path, str]]:
    """Copy what *artifact* means from *job_folder* to *published*, yielding each source and its folder there.

    Raises:
        GoCDError: Nothing matches, or it cannot be copied.
    Source: GoCD's ArtifactPlan.java
    """
    pattern = _complete(artifact.source.strip())
    matches = matching(job_folder, pattern)
    if not matches:
        raise GoCDError(f"The rule [{artifact.source}] cannot match any resource under [{job_folder}]")
    destination = artifact.destination.strip() or (_TEST_FOLDER if artifact.kind == "test" else "")
    for match in matches:
        folder = "/".join(
            part for part in (destination.strip("/"), _below_prefix(match, job_folder, pattern)) if part
        )
        _copy(match, published / folder)
        yield match, folder


def fetch(task: Fetch, published: Path, job_folder: Path) -> Path:
    """Copy what *task* names from *published* below *job_folder*; the last part of its source is kept.

    Raises:
        GoCDError: It was not published, is not of the kind asked for, or cannot be copied.
    Source: GoCD's FileHandler.java and DirHandler.java
    """
    source = published / task.source
    folder = job_folder / task.destination
    if not (source.is_file() if task.is_file else source.is_dir()):
        kind = "file" if task.is_file else "folder"
        raise GoCDError(
            f"Failed to save artifact [{task.source}] to [{folder}]: no such {kind} was published"
        )
    return _copy(source, folder)


def matching(root: Path, pattern: str) -> list[Path]:
    """The folders of *root* that match the Ant *pattern*, then the files that are not in one of those.

    Source: GoCD's WildcardScanner.java
    """
    expression = _expression(_complete(pattern))
    folders: list[Path] = []
    files: list[Path] = []
    try:
        for current, names, file_names in os.walk(root, followlinks=False):
            names.sort()
            folders.extend(Path(current, name) for name in names)
            files.extend(Path(current, name) for name in sorted(file_names))
    except RecursionError:
        raise GoCDError(f"[{root}] is nested too deeply to be looked through") from None
    found = [path for path in folders if expression.fullmatch(path.relative_to(root).as_posix())]
    inside = set(found)
    found.extend(
        path
        for path in files
        if path.parent not in inside and expression.fullmatch(path.relative_to(root).as_posix())
    )
    return found


def _complete(pattern: str) -> str:
    """A trailing slash means everything below; a leading ``./`` means nothing."""
    pattern = pattern.replace("\\", "/").removeprefix("./")
    return f"{pattern}**" if pattern.endswith("/") else pattern


def _expression(pattern: str) -> re.Pattern[str]:
    parts = pattern.split("/")
    text = ""
    for position, part in enumerate(parts):
        is_last = position == len(parts) - 1
        if part == "**":
            # At the end it also matches its own folder: "out/**" matches "out".
            text = (
                f"{text.removesuffix('/')}(?:/.*)?"
                if is_last and text
                else text + (".*" if is_last else "(?:[^/]+/)*")
            )
        else:
            text += re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
            text += "" if is_last else "/"
    return re.compile(text)


def _below_prefix(match: Path, root: Path, pattern: str) -> str:
    """The folder of *match* below the part of *pattern* before its first wildcard."""
    parts = pattern.split("/")
    wild = [position for position, part in enumerate(parts) if "*" in part or "?" in part]
    if not wild:
        return ""
    folder = match.relative_to(root).parent.as_posix()
    return ("" if folder == "." else folder).removeprefix("/".join(parts[: wild[0]])).strip("/")


def _copy_file(source: str | Path, target: str | Path) -> None:
    # A task may have left a pipe, or a link to a device.
    open_regular(Path(source)).close()
    # GoCD zips without modes: what is fetched is executable for nobody (its issues 464 and 1843).
    shutil.copyfile(source, target)


def _copy(source: Path, folder: Path) -> Path:
    target = folder / source.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, target, dirs_exist_ok=True, ignore_dangling_symlinks=True, copy_function=_copy_file
            )
        else:
            _copy_file(source, target)
    except OSError as error:
        raise GoCDError(f"Failed to copy [{source}] to [{target}]: {error}") from error
    except RecursionError:
        raise GoCDError(f"Failed to copy [{source}] to [{target}]: it is nested too deeply") from None
    return target
