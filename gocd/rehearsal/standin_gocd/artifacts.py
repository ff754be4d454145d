"""Artifacts: which files a rule means, and where they go."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gocd.errors import GoCDError
from gocd.files import open_regular
from gocd.pipeline import Artifact
from gocd.rehearsal.standin_gocd.ant_pattern import before_wildcards, leads_up, matching

_TEST_FOLDER = "testoutput"

CHECKSUMS = "cruise-output/md5.checksum"


def publish_all(
    artifacts: Iterable[Artifact], job_folder: Path, published: Path, say: Callable[[str], None]
) -> str:
    """Publish what a job's rules mean and return the first problem, if any, which fails the job.

    Nothing for a test artifact to match is said, and is no problem.

    Source: GoCD's ArtifactsPublisher.java and ArtifactPlan.java
    """
    problems: dict[str, str] = {}
    for artifact in artifacts:
        try:
            for source, folder in publish(artifact, job_folder, published):
                say(f"Uploading artifacts from {source} to {folder or '[defaultRoot]'}")
        except NothingMatches as error:
            say(str(error))
            if artifact.kind != "test":
                problems[artifact.source] = str(error)
        except GoCDError as error:
            say(str(error))
            problems[artifact.source] = str(error)
    if problems:
        say(f"Uploading finished. Failed to upload {''.join(f'[{source}]' for source in problems)}.")
    return next(iter(problems.values()), "")


class NothingMatches(GoCDError):
    """A rule means nothing that is there."""


def publish(artifact: Artifact, job_folder: Path, published: Path) -> Iterator[tuple[Path, str]]:
    """Copy what *artifact* means from *job_folder* to *published*, yielding each source and its folder there.

    Raises:
        NothingMatches: There is no such file or folder.
        GoCDError: One cannot be copied; nor is what the rule means after it.
    Source: GoCD's ArtifactPlan.java and GoArtifactManipulator.java
    """
    pattern = artifact.source.strip().replace("\\", "/")
    matches = matching(job_folder, pattern)
    if not matches:
        raise NothingMatches(f"The rule [{pattern}] cannot match any resource under [{job_folder}]")
    destination = artifact.destination.strip().replace("\\", "/")
    destination = destination or (_TEST_FOLDER if artifact.kind == "test" else "")
    for match in matches:
        folder = "/".join(
            part for part in (destination.strip("/"), _below_prefix(match, job_folder, pattern)) if part
        )
        target = copy(match, published / folder)
        _note_checksums(target, published)
        yield match, folder


def copy(source: Path, folder: Path) -> Path:
    """Copy the file or folder *source* into *folder*, links as what they lead to.

    Raises:
        GoCDError: Something in it is no file, leads nowhere or in a circle, or has a name that the server
            refuses to unpack.
    Source: GoCD's ZipUtil.java
    """
    target = folder / source.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_name(source)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=_checked, copy_function=_copy_file)
        else:
            _copy_file(source, target)
    except OSError as error:
        raise GoCDError(f"Failed to copy [{source}] to [{target}]: {error}") from error
    except RecursionError:
        raise GoCDError(f"Failed to copy [{source}] to [{target}]: it is nested too deeply") from None
    return target


def _below_prefix(match: Path, root: Path, pattern: str) -> str:
    """The folder of *match* below the part of *pattern* before its first wildcard."""
    prefix = before_wildcards(pattern)
    if prefix == pattern:
        return ""
    # A job's folder is pipelines/NAME of the agent's own, and that is how it is told when all of it matches.
    folder = "pipelines" if match == root else "/".join(match.relative_to(root).parent.parts)
    return folder.removeprefix(prefix).strip("/")


def _checked(folder: str, names: list[str]) -> list[str]:
    for path in (Path(folder, name) for name in names):
        _check_name(path)
        if leads_up(path):
            raise GoCDError(f"Failed to upload [{path}]: it leads to a folder that it is in")
    return []


def _check_name(path: Path) -> None:
    if ".." in path.name:
        raise GoCDError(f"Failed to upload [{path}]: a server unpacks no name with two dots together")


def _copy_file(source: str | Path, target: str | Path) -> None:
    # A task may have left a pipe, or a link to a device.
    open_regular(Path(source)).close()
    # GoCD zips without modes: what is fetched is executable for nobody (its issues 464 and 1843).
    shutil.copyfile(source, target)


def _note_checksums(target: Path, published: Path) -> None:
    noted = published / CHECKSUMS
    noted.parent.mkdir(parents=True, exist_ok=True)
    with noted.open("a", encoding="utf-8") as there:
        for file in [target, *sorted(target.rglob("*"))]:
            if file.is_file():
                there.write(f"{file.relative_to(published).as_posix()}={_digest(file)}\n")


def _digest(file: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
