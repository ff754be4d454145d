"""The access control lists that an appspec asks for.

Source: aws-codedeploy-agent, application_specification/ace_info.rb and acl_info.rb; install_instruction.rb
(ChangeAclCommand).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure
from gocd.rehearsal.standin_aws.services.code_deploy.agent.ruby import to_s

_KINDS = {
    **{"u": "user", "user": "user", "g": "group", "group": "group"},
    **{"m": "mask", "mask": "mask", "o": "other", "other": "other"},
}
_DEFAULT = ("d", "default")


@dataclass(frozen=True)
class Entry:
    """One entry: ``[default:]kind:name:rwx``."""

    default: bool
    kind: str
    name: str
    rights: str

    def __str__(self) -> str:
        return f"{'default:' if self.default else ''}{self.kind}:{self.name}:{self.rights}"


@dataclass(frozen=True)
class Acl:
    """The entries of an appspec, and those *added* to make a whole list of them.

    The agent means to forget the added ones after each object, and does not.
    """

    entries: Sequence[Entry]
    added: list[Entry] = field(default_factory=list)

    @property
    def default(self) -> bool:
        return any(each.default for each in self._all())

    def completed(self, mode: int) -> str:
        """Give the whole list for an object of this *mode*, as ``setfacl --set`` takes it."""
        owner, group, other = list(f"{mode & 0o777:03o}")
        self._add(f":{owner}", f"g::{group}", f"o::{other}")
        if self._has(default=False, named=True) and not self._has(default=False, kind="mask"):
            self._add(f"m::{group}")
        if self.default:
            self._complete_default(owner, group, other)
        return ",".join(map(str, self._all()))

    def _complete_default(self, owner: str, group: str, other: str) -> None:
        if not self._has(default=True, kind="user", named=False):
            self._add(f"d::{owner}")
        if not self._has(default=True, kind="group", named=False):
            self._add(f"d:g::{group}")
        if not self._has(default=True, kind="other"):
            self._add(f"d:o:{other}")
        if self._has(default=True, named=True) and not self._has(default=True, kind="mask"):
            [base] = [
                each for each in self._all() if each.default and each.kind == "group" and not each.name
            ][:1]
            self._add(f"d:m:{base.rights}")

    def _add(self, *entries: str) -> None:
        self.added.extend(read_entry(each, internal=True) for each in entries)

    def _all(self) -> Iterator[Entry]:
        yield from self.entries
        yield from self.added

    def _has(self, *, default: bool, kind: str = "", named: bool | None = None) -> bool:
        return any(
            each.default is default
            and (not kind or each.kind == kind)
            and (named is None or bool(each.name) is named)
            for each in self._all()
        )


def read_acl(told: Sequence[Any]) -> Acl:
    """Read the list *acls* of a permission.

    Raises:
        AgentFailure: The agent does not take it.
    """
    return Acl([read_entry(to_s(each)) for each in told])


def read_entry(told: str, *, internal: bool = False) -> Entry:
    """Read one entry; the agent's own, which are *internal*, may be those that a mode sets."""
    *front, name, rights = told.split(":") if told.count(":") in (1, 2, 3) else ("", "", "", "")
    if told.count(":") not in (1, 2, 3):
        raise _invalid(told)
    default = False
    kind = ""
    if len(front) == 2:
        if front[0] not in _DEFAULT:
            raise _invalid(told)
        default = True
    if front:
        if front[-1] in _DEFAULT and not default:
            default = True
        elif front[-1] in _KINDS:
            kind = _KINDS[front[-1]]
        else:
            raise _invalid(told)
    if _KINDS.get(name) in ("mask", "other"):
        kind, name = (kind, _KINDS[name]) if kind else (_KINDS[name], "")
    kind = kind or "user"
    if kind in ("mask", "other") and name:
        raise _invalid(told)
    if not internal and not default and kind != "mask" and not name:
        raise AgentFailure(
            "The deployment failed because of a problem with the acls permission settings in the application "
            f"specification file. Use mode to set the base acl entry ({told}). Update the permissions "
            "section of the AppSpec file, and then try again."
        )
    return Entry(default, kind, name, _rights(rights, told))


def _rights(told: str, entry: str) -> str:
    if len(told) == 1 and told in "01234567":
        bits = int(told)
        return "".join(each if bits & bit else "-" for each, bit in (("r", 4), ("w", 2), ("x", 1)))
    for each in told:
        if each not in "rwx-":
            raise AgentFailure(
                f"The deployment failed because the access control list (ACL) named {entry} in the "
                f"application specification file contains an invalid character ({each}). Correct the ACL in "
                "the hooks section of the AppSpec file, and then try again."
            )
    return "".join(each if each in told else "-" for each in "rwx")


def _invalid(entry: str) -> AgentFailure:
    return AgentFailure(
        "The deployment failed because of a problem with the acls permission settings in the application "
        f"specification file. Invalid acl entry ({entry})."
    )
