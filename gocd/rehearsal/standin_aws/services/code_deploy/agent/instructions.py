"""The single steps of an install, as the agent carries them out.

An instance's users are those of its own ``/etc/passwd``. A stand-in that does not run as root cannot give
them files: what a step leaves out is in the agent's log on the instance. ACLs and SELinux contexts are set
by this machine's own programs, and fail as on a host without them where it has none.

Source: aws-codedeploy-agent, install_instruction.rb.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from gocd.rehearsal.standin_aws.machines.accounts import group_id, user_id
from gocd.rehearsal.standin_aws.services.code_deploy.agent.acl import Acl
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure, failed_call
from gocd.rehearsal.standin_aws.services.code_deploy.agent.filesystem import FileSystem
from gocd.rehearsal.standin_aws.services.code_deploy.agent.ruby import text
from gocd.rehearsal.standin_aws.services.code_deploy.agent.security_context import Context


@dataclass(frozen=True)
class Site:
    """Where a plan is carried out.

    *installed* notes what the next install removes, *log* what the stand-in leaves out.
    """

    files: FileSystem
    environment: Mapping[str, str]
    installed: TextIO
    log: TextIO

    def real(self, path: str) -> Path:
        """Give where *path* is on this machine.

        Raises:
            AgentFailure: A link in it leads out of the instance.
        """
        found = self.files.real(path)
        if not self.files.holds(found):
            raise AgentFailure(f"Permission denied @ {path} leads out of this instance")
        return found

    def run(self, *words: str) -> int | None:
        """Run a program; gives its exit status, none if there is no such program."""
        with suppress(FileNotFoundError):
            return subprocess.run(
                words, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
            ).returncode
        return None


@dataclass(frozen=True)
class Copy:
    """A link as it is; a file with its mode, its times and, if that may be, its owner."""

    source: Path
    destination: str

    def carry_out(self, site: Site) -> None:
        site.installed.write(f"{self.destination}\n")
        if self.source.is_symlink():
            there = site.real(posixpath.dirname(self.destination)) / posixpath.basename(self.destination)
            target = self.source.readlink()
            try:
                there.symlink_to(target)
            except OSError as problem:
                pair = f"({target}, {self.destination})"
                raise failed_call(problem, "rb_file_s_symlink", pair) from None
            return
        there = site.real(self.destination)
        # A folder of that name gets the file into it.
        there = there / self.source.name if there.is_dir() else there
        try:
            shutil.copyfile(self.source, there)
        except OSError as problem:
            asked = problem.filename == str(self.source)
            path = site.files.told(self.source) if asked else self.destination
            raise failed_call(problem, "rb_sysopen", path) from None
        found = self.source.stat()
        mode = stat.S_IMODE(found.st_mode)
        os.utime(there, ns=(found.st_atime_ns, found.st_mtime_ns))
        try:
            os.chown(there, found.st_uid, found.st_gid)
        except PermissionError:
            mode &= 0o1777
        there.chmod(mode)


@dataclass(frozen=True)
class MakeDirectory:
    directory: str

    def carry_out(self, site: Site) -> None:
        try:
            site.real(self.directory).mkdir()
        except OSError as problem:
            raise failed_call(problem, "dir_s_mkdir", self.directory) from None
        site.installed.write(f"{self.directory}\n")


@dataclass(frozen=True)
class ChangeMode:
    object: str
    mode: str

    def carry_out(self, site: Site) -> None:
        try:
            site.real(self.object).chmod(int(self.mode, 8))
        except OSError as problem:
            raise failed_call(problem, "apply2files", self.object) from None


@dataclass(frozen=True)
class ChangeOwner:
    object: str
    owner: Any
    group: Any

    def carry_out(self, site: Site) -> None:
        root = site.files.root
        uid = -1 if self.owner is None else user_id(root, text(self.owner))
        gid = -1 if self.group is None else group_id(root, text(self.group))
        if uid is None:
            raise AgentFailure(f"can't find user for {self.owner}")
        if gid is None:
            raise AgentFailure(f"can't find group for {self.group}")
        try:
            os.chown(site.real(self.object), uid, gid)
        except PermissionError:
            names = f"{self.owner or ''}:{self.group or ''}"
            site.log.write(f"{self.object}: not given to {names}, for this stand-in does not run as root\n")
        except OSError as problem:
            raise failed_call(problem, "apply2files", self.object) from None


@dataclass(frozen=True)
class ChangeAcl:
    object: str
    acl: Acl

    def carry_out(self, site: Site) -> None:
        there = site.real(self.object)
        wanted = self.acl.completed(there.stat().st_mode)
        if code := _failed(site.run("setfacl", "--set", wanted, str(there))):
            raise AgentFailure(
                "The deployment failed because of a problem with the acls permission settings in the "
                f"application specification file for this object: {self.object}. Failed command: "
                f"setfacl --set {wanted} {self.object}. Exit code: {code}"
            )


@dataclass(frozen=True)
class ChangeContext:
    object: str
    context: Context

    def carry_out(self, site: Site) -> None:
        there = str(site.real(self.object))
        arguments = self.context.arguments
        self._do(site, there, "semanage", "fcontext", "-a", *arguments)
        self._do(site, there, "restorecon", "-v")
        site.installed.write(f"semanage\0{self.object}\n")

    def _do(self, site: Site, there: str, *words: str) -> None:
        if code := _failed(site.run(*words, there)):
            raise AgentFailure(
                "The deployment failed because the application specification file contains an error in the "
                "settings for the context parameter. Update the permissions section of the AppSpec file, and "
                f"then try again. Failed command: {' '.join(words)} {self.object}. Exit code: {code}"
            )


Instruction = Copy | MakeDirectory | ChangeMode | ChangeOwner | ChangeAcl | ChangeContext


def _failed(status: int | None) -> str:
    """Say how a program ended, in Ruby's words of a process; nothing if it ended well."""
    return "" if status == 0 else f"pid 1 exit {127 if status is None else status}"
