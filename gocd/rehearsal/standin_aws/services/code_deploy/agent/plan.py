"""What an install is going to do, all of it, before any of it is done.

Source: aws-codedeploy-agent, installer.rb (generate_instructions), install_instruction.rb (CommandBuilder).
"""

from __future__ import annotations

import posixpath
from pathlib import Path

from gocd.rehearsal.standin_aws.services.code_deploy.agent.appspec import AppSpec
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem, inside
from gocd.rehearsal.standin_aws.services.code_deploy.agent.instructions import (
    ChangeAcl,
    ChangeContext,
    ChangeMode,
    ChangeOwner,
    Copy,
    Instruction,
    MakeDirectory,
)
from gocd.rehearsal.standin_aws.services.code_deploy.agent.permissions import Permission
from gocd.rehearsal.standin_aws.services.code_deploy.agent.ruby import text

_AGAIN = "and then try again."


class Plan:
    """The steps of installing what is in *archive*; each object is told of once.

    Args:
        behavior: OVERWRITE, RETAIN or DISALLOW, for a file that is there already.
    """

    def __init__(self, archive: Path, files: FileSystem, behavior: str) -> None:
        self.steps: list[Instruction] = []
        self._archive = archive
        self._files = files
        self._behavior = behavior
        self._copied: dict[str, Path] = {}
        self._made: dict[str, None] = {}
        self._permitted: set[str] = set()

    def install(self, source: str, destination: str) -> None:
        """Plan to copy one entry of the appspec's *files*, and to make the folders on its way."""
        start = inside(self._archive, source)
        if start.is_dir():
            self._make_ancestors(destination)
            self._copy_folder(start, destination)
            return
        end = posixpath.join(destination, start.name)
        self._make_ancestors(end)
        self._copy_file(start, end)

    def permit(self, permission: Permission) -> None:
        """Plan what a permission asks for, of what this install makes; anything else is left alone."""
        name = _absolute(permission.object)
        if name in self._copied:
            if "file" in permission.types:
                permission.check_file(permission.object)
                permission.check_file_acl()
                self._set(name, permission)
        elif name in self._made or self._files.real(name).is_dir():
            for each in self._matches(permission):
                self._set(each, permission)

    def _copy_folder(self, source: Path, destination: str) -> None:
        # Of no path at all, Ruby says that it is no folder.
        if not destination or not self._files.real(destination).is_dir():
            self._make(destination)
        # In no order: the agent takes what the file system lists.
        for entry in source.iterdir():
            end = posixpath.join(destination, entry.name)
            # A link to a folder is no link to the agent: it copies what is in the folder.
            if entry.is_dir():
                self._copy_folder(entry, end)
            else:
                self._copy_file(entry, end)

    def _copy_file(self, source: Path, destination: str) -> None:
        if self._files.real(destination).exists():
            if self._behavior == "RETAIN":
                return
            if self._behavior != "OVERWRITE":
                raise AgentFailure(
                    "The deployment failed because a specified file already exists at this location: "
                    f"{destination}"
                )
        end = _absolute(destination)
        told = self._files.told(source)
        if end in self._copied:
            other = self._files.told(self._copied[end])
            raise AgentFailure(
                "The deployment failed because the application specification file specifies two source files "
                f"named {told} and {other} for the same destination ({end}). Remove one of the source file "
                f"paths from the AppSpec file, {_AGAIN}"
            )
        if end in self._made:
            raise AgentFailure(
                "The deployment failed because the application specification file calls for installing the "
                f"file {told}, but a file with that name already exists at the location ({end}). Update your "
                f"AppSpec file or directory structure, {_AGAIN}"
            )
        self.steps.append(Copy(source, end))
        self._copied[end] = source

    def _make(self, folder: str) -> None:
        end = _absolute(folder)
        if end in self._copied:
            raise AgentFailure(
                "The deployment failed because the application specification file includes an mkdir command "
                f"more than once for the same destination path ({end}) from "
                f"({self._files.told(self._copied[end])}). Update the files section of the AppSpec file, "
                f"{_AGAIN}"
            )
        if end not in self._made:
            self.steps.append(MakeDirectory(end))
        self._made[end] = None

    def _make_ancestors(self, destination: str) -> None:
        missing: list[str] = []
        parent = posixpath.dirname(destination.rstrip("/"))
        while parent not in ("", ".", "/") and not self._files.real(parent).exists():
            missing.insert(0, parent)
            parent = posixpath.dirname(parent.rstrip("/"))
        for each in missing:
            self._make(each)

    def _matches(self, permission: Permission) -> list[str]:
        """List the files and folders of this install that a permission is for."""
        found = []
        for each in self._copied if "file" in permission.types else ():
            if permission.fits(each):
                permission.check_file_acl()
                found.append(each)
        found += [each for each in self._made if "directory" in permission.types and permission.fits(each)]
        return found

    def _set(self, name: str, permission: Permission) -> None:
        if name in self._permitted:
            raise AgentFailure(
                f"The deployment failed because the permissions setting for ({name}) is specified more than "
                f"once in the application specification file. Update the files section of the AppSpec file, "
                f"{_AGAIN}"
            )
        self._permitted.add(name)
        if permission.mode is not None:
            self.steps.append(ChangeMode(name, permission.mode))
        if permission.acl is not None:
            self.steps.append(ChangeAcl(name, permission.acl))
        if permission.context is not None:
            self.steps.append(ChangeContext(name, permission.context))
        if permission.owner is not None or permission.group is not None:
            self.steps.append(ChangeOwner(name, permission.owner, permission.group))


def plan(spec: AppSpec, archive: Path, files: FileSystem, behavior: str) -> list[Instruction]:
    """Plan the whole of an install; an appspec's own *file_exists_behavior* goes before *behavior*.

    Raises:
        AgentFailure: It would run into itself, or into a file that may not be replaced.
    """
    planned = Plan(archive, files, spec.file_exists_behavior or behavior)
    for source, destination in spec.files:
        planned.install(text(source), text(destination))
    for permission in spec.permissions:
        planned.permit(permission)
    return planned.steps


def _absolute(path: str) -> str:
    """Give *path* as seen from ``/``, which is where the agent's own feet are."""
    return posixpath.normpath(f"/{path.lstrip('/')}")
