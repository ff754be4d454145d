"""The permissions that an appspec asks for: judged, and which of the objects installed each is for.

Source: aws-codedeploy-agent, application_specification/application_specification.rb (parse_permissions),
linux_permission_info.rb and mode_info.rb.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gocd.rehearsal.standin_aws.services.code_deploy.agent.acl import Acl, read_acl
from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.ruby import (
    given,
    inspect,
    items,
    mapping,
    no_method,
    to_s,
)
from gocd.rehearsal.standin_aws.services.code_deploy.agent.security_context import Context, read_context

TYPES = ("file", "directory")
ANYTHING = "**"
_AGAIN = "Update the permissions section of the AppSpec file, and then try again."


@dataclass(frozen=True)
class Permission:
    """What *object*, a file or all below a folder that *pattern* fits, is to be given.

    *mode* is octal digits as the agent has them; what should be text may be what YAML has read.
    """

    object: str
    pattern: Any = ANYTHING
    exceptions: Sequence[Any] = ()
    types: Sequence[str] = TYPES
    owner: Any = None
    group: Any = None
    mode: str | None = None
    acl: Acl | None = None
    context: Context | None = None

    def fits(self, name: str) -> bool:
        """Whether it is for the absolute path *name*: any below with ``**``, only right in it otherwise."""
        below = self._below(name)
        if below is None or any(_matches(below, each) for each in self.exceptions):
            return False
        return self.pattern == ANYTHING or _matches(below, self.pattern)

    def check_file(self, name: str) -> None:
        """Refuse what cannot be meant for the one file *name* (validate_file_permission)."""
        if self.pattern != ANYTHING:
            raise AgentFailure(
                "The deployment failed because the application specification file includes an object "
                f"({name}) with an invalid pattern ({to_s(self.pattern)}), such as a pattern for a file "
                "applied to a directory. Correct the permissions section of the AppSpec file, and then try "
                "again."
            )
        if self.exceptions:
            raise AgentFailure(
                "The deployment failed because the except parameter for a pattern in the permissions section "
                f"({inspect(list(self.exceptions))}) for the object named {name} contains an invalid format. "
                "Update the AppSpec file, and then try again."
            )

    def check_file_acl(self) -> None:
        """Refuse a default ACL, which only folders have (validate_file_acl)."""
        if self.acl and self.acl.default:
            raise AgentFailure(
                "The deployment failed because the -d parameter has been specified to apply an acl setting "
                "to a file. This parameter is supported for directories only. Update the AppSpec file, and "
                "then try again."
            )

    def _below(self, name: str) -> str | None:
        folder = posixpath.normpath(self.object)
        folder = folder if folder.endswith("/") else f"{folder}/"
        return name.removeprefix(folder) if name.startswith(folder) else None


def read_permissions(told: Any, platform: str) -> list[Permission]:
    """Read the section *permissions* for an instance of this *platform*.

    Raises:
        AgentFailure: The agent does not take it.
    """
    return [_permission(each, platform) for each in items(told)]


def _permission(told: Any, platform: str) -> Permission:
    found = mapping(told, "has_key?")
    name = to_s(found.get("object")).strip()
    if found.get("object") is None or (platform == "linux" and not name):
        raise AgentFailure(
            "The deployment failed because a permission listed in the application specification file has no "
            f"object value. {_AGAIN}"
        )
    if platform != "linux":
        raise AgentFailure(
            "The deployment failed because the application specification file specifiles file permissions, "
            "but the deployment is targeting one or more Windows Server instances. Permissions are supported "
            "only for Amazon Linux, Ubuntu Server, and Red Hat Enterprise Linux (RHEL) instances. "
            f"{_AGAIN}"
        )
    return Permission(
        name,
        given(found.get("pattern"), ANYTHING),
        items(given(found.get("except"), [])),
        _types(given(found.get("type"), list(TYPES))),
        given(found.get("owner")),
        given(found.get("group")),
        None if found.get("mode") is None else _mode(to_s(found["mode"])),
        None if found.get("acls") is None else read_acl(items(found["acls"])),
        None if found.get("context") is None else read_context(found["context"]),
    )


def _types(told: Any) -> list[str]:
    found = items(told)
    for each in found:
        if each not in TYPES:
            raise AgentFailure(
                "The deployment failed because the application specification filespecifies a permission for "
                f"an object type not supported for permissions ({to_s(each)}). {_AGAIN}"
            )
    return found


def _mode(mode: str) -> str:
    # YAML has read 0644 as the number 420 already, and 420 is a mode as well.
    mode = mode.rjust(3, "0")
    if len(mode) > 4:
        raise AgentFailure(
            f"The deployment failed because the length of a permissions mode ({mode}) in the application "
            "specification file is invalid. Permissions modes must be between one and four characters long. "
            f"{_AGAIN}"
        )
    for each in mode:
        if each not in "01234567":
            raise AgentFailure(
                f"The deployment failed because the permissions mode ({mode}) in the application "
                f"specification file contains an invalid character ({each}). {_AGAIN}"
            )
    return mode


def _matches(name: str, pattern: Any) -> bool:
    """Whether *pattern* fits, in which ``*`` alone has a meaning, and never leads into a folder."""
    if not isinstance(pattern, str):
        raise no_method("chars", pattern)
    wanted = ".*".join(map(re.escape, pattern.split("*")))
    return "/" not in name and bool(re.fullmatch(wanted, name, re.DOTALL))
