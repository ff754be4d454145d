"""An appspec.yml, read as CodeDeploy's agent reads it, and its files copied to where they belong.

Sources: CodeDeploy user guide, AppSpec file structure for EC2/on-premises deployments; the agent's own
sources (aws-codedeploy-agent: what is removed before an install, and the words of its errors).
"""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NAME = "appspec.yml"
# Seconds that a script may run if its appspec does not say.
SCRIPT_TIMEOUT = 3600.0


class AgentFailure(Exception):
    """What the agent reports of an event that failed; *code* is one of the API's LifecycleErrorCodes."""

    def __init__(self, message: str, code: str = "UnknownError", script: str = "", log: str = "") -> None:
        super().__init__(message)
        self.diagnostics = {"errorCode": code, "scriptName": script, "message": message, "logTail": log}


@dataclass(frozen=True)
class Script:
    """One script of a hook: *location* below the revision, *timeout* in seconds; *runas* is only told."""

    location: str
    timeout: float
    runas: str


@dataclass(frozen=True)
class AppSpec:
    """*files* are pairs of source and destination; *hooks* the scripts of each lifecycle event."""

    files: Sequence[tuple[str, str]]
    hooks: Mapping[str, Sequence[Script]]


def read_appspec(archive: Path) -> AppSpec:
    """Read the appspec of the revision unpacked in *archive*.

    Raises:
        AgentFailure: There is none, or it is not one.
    """
    file = archive / NAME
    if not file.is_file():
        raise AgentFailure(
            "The CodeDeploy agent did not find an AppSpec file within the unpacked revision directory at "
            f'revision-relative path "{NAME}". The revision was unpacked to directory "{archive}", and the '
            f'AppSpec file was expected but not found at path "{file}".'
        )
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
        files = [(str(each["source"]), str(each["destination"])) for each in read.get("files") or []]
        hooks = {event: [_script(each) for each in each_of] for event, each_of in _hooks(read)}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as problem:
        raise AgentFailure(f"The deployment specification is invalid: {problem}") from None
    return AppSpec(files, hooks)


def _hooks(read: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    yield from ((event, scripts or []) for event, scripts in (read.get("hooks") or {}).items())


def _script(told: Mapping[str, Any]) -> Script:
    return Script(
        str(told["location"]), float(told.get("timeout", SCRIPT_TIMEOUT)), str(told.get("runas", ""))
    )


def install(spec: AppSpec, archive: Path, root: Path, behavior: str, cleanup: Path) -> None:
    """Copy the files of *spec* to their destinations below *root*, an instance's own ``/``.

    What the deployment before put there is removed first; *cleanup* is where the agent remembers it.

    Args:
        behavior: OVERWRITE, RETAIN or DISALLOW, for what another than the agent has put there.

    Raises:
        AgentFailure: A file is missing, or is there already and may not be.
    """
    for line in cleanup.read_text(encoding="utf-8").splitlines() if cleanup.exists() else []:
        Path(line).unlink(missing_ok=True)
    copied = []
    for source, destination in _copies(spec, archive, root):
        if destination.exists() and behavior != "OVERWRITE":
            if behavior == "RETAIN":
                continue
            raise AgentFailure(
                "The deployment failed because a specified file already exists at this location: "
                f"/{destination.relative_to(root)}"
            )
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, destination)
        copied.append(str(destination))
    cleanup.parent.mkdir(parents=True, exist_ok=True)
    cleanup.write_text("\n".join(copied), encoding="utf-8")


def inside(folder: Path, path: str) -> Path:
    """Give where *path* is if *folder* is the root of all, so that no ``..`` leads out of it."""
    return folder / posixpath.normpath(f"/{path}").lstrip("/")


def _copies(spec: AppSpec, archive: Path, root: Path) -> Iterator[tuple[Path, Path]]:
    for source, destination in spec.files:
        start, end = inside(archive, source), inside(root, destination)
        if not start.exists():
            raise AgentFailure(f"No such file or directory - {start}")
        if start.is_file():
            yield start, end / start.name
            continue
        for file in sorted(each for each in start.rglob("*") if each.is_file()):
            yield file, end / file.relative_to(start)
