"""The permissions of an appspec, which Linux alone knows, and whether they can be set on what is copied.

Source: aws-codedeploy-agent 1.8.1, application_specification.rb (parse_permissions),
linux_permission_info.rb, mode_info.rb, installer.rb, install_instruction.rb.
"""

import posixpath
import re
from collections.abc import Iterator

from tasks.codedeploy.appspec.access import has_default, judge_acls, judge_context
from tasks.codedeploy.appspec.files import Copies
from tasks.codedeploy.appspec.findings import Findings, quoted
from tasks.codedeploy.appspec.reading import Value, check_keys

KEYS = ("object", "pattern", "except", "owner", "group", "mode", "acls", "context", "type")
TYPES = ("file", "directory")
ALL = "**"


def judge_permissions(permissions: Value, copies: Copies, findings: Findings, *, windows: bool) -> None:
    """Judge the section ``permissions``.

    Args:
        copies: What they are set on.
    """
    if permissions.empty:
        return
    if permissions.items is None:
        findings.fault(
            permissions.line, "permissions has no list below it; write - object: /srv/app below it"
        )
        return
    if permissions.items and windows:
        findings.fault(
            permissions.line, "permissions are for Linux alone, and the instance runs Windows; leave them out"
        )
        return
    taken: dict[str, int] = {}
    for each in permissions.items:
        if each.get("object").what is None or not each.get("object").text.strip():
            findings.fault(each.line, "a permission has no object; write - object: and what it is for")
            continue
        check_keys(each, KEYS, findings)
        before = len(findings.faults)
        _judge_types(each.get("type"), findings)
        _judge_names(each, findings)
        _judge_mode(each.get("mode"), findings)
        judge_acls(each.get("acls"), findings)
        judge_context(each.get("context"), findings)
        if len(findings.faults) == before:
            _set(each, copies, taken, findings)


def _judge_types(types: Value, findings: Findings) -> None:
    if types.empty:
        return
    if types.items is None:
        findings.fault(types.line, f"type is no list; write type: [{quoted(types.text)}]")
        return
    for each in types.items:
        if each.what not in TYPES:
            findings.fault(each.line, f"type is {quoted(each.text)}; write file or directory")


def _judge_names(permission: Value, findings: Findings) -> None:
    for key in ("owner", "group"):
        named = permission.get(key)
        if not named.empty and not isinstance(named.what, str):
            findings.fault(
                named.line, f"{key} is {quoted(named.text)}, which is no name; write a name, not a number"
            )
    pattern, spared = permission.get("pattern"), permission.get("except")
    if pattern.what is not None and not isinstance(pattern.what, str):
        findings.fault(pattern.line, f'pattern is no text; write pattern: "{quoted(pattern.text)}"')
    if not spared.empty and (
        spared.items is None or not all(isinstance(each.what, str) for each in spared.items)
    ):
        findings.fault(spared.line, f"except is no list of names; write except: [{quoted(spared.text)}]")


def _judge_mode(mode: Value, findings: Findings) -> None:
    if mode.what is None:
        return
    if (
        isinstance(mode.what, int)
        and not isinstance(mode.what, bool)
        and mode.text.startswith("0")
        and mode.what
    ):
        # YAML reads it as octal, and the agent takes the decimal digits of that for the mode.
        findings.fault(
            mode.line,
            f"mode {quoted(mode.text)} would become {mode.what}; write mode: {quoted(mode.text.lstrip('0'))}",
        )
    elif not re.fullmatch("[0-7]{1,4}", str(mode.what)):
        findings.fault(mode.line, f"mode is {quoted(mode.text)}; write three or four digits from 0 to 7")


def _set(permission: Value, copies: Copies, taken: dict[str, int], findings: Findings) -> None:
    thing = permission.get("object")
    place = posixpath.normpath(thing.text.strip())
    types = [each.what for each in permission.get("type").items or ()] or TYPES
    if place in copies.files:
        if "file" not in types:
            return
        if (permission.get("pattern").what or ALL) != ALL or permission.get("except").items:
            findings.fault(
                thing.line,
                f"{quoted(place)} is a file, for which pattern and except mean nothing; leave them out",
            )
        matches = [place]
    else:
        matches = list(_matching(permission, place, types, copies))
    if has_default(permission.get("acls")) and any(each in copies.files for each in matches):
        findings.fault(
            permission.get("acls").line, "a default of acls is for folders; write type: [directory]"
        )
    again = next((each for each in matches if each in taken), "")
    if again:
        findings.fault(
            thing.line,
            f"{quoted(again)} has its permissions from line {taken[again]}; part them by type or pattern",
        )
    taken.update(dict.fromkeys(matches, thing.line))


def _matching(permission: Value, place: str, types: object, copies: Copies) -> Iterator[str]:
    start = place if place == "/" else f"{place}/"
    pattern = str(permission.get("pattern").what or ALL)
    spared = [str(each.what) for each in permission.get("except").items or ()]
    kinds = {"file": copies.files, "directory": copies.folders}
    for kind, known in kinds.items():
        if kind not in types:  # type: ignore[operator]
            continue
        for each in known:
            name = each.removeprefix(start)
            meant = each.startswith(start) and (pattern == ALL or _fits(name, pattern))
            if meant and not any(_fits(name, one) for one in spared):
                yield each


def _fits(name: str, pattern: str) -> bool:
    """Whether *name*, right in the folder, is one of *pattern*, in which ``*`` alone is special.

    Not by a regular expression, which tries every way to part a name among many stars.
    """
    first, *rest = pattern.split("*")
    if "/" in name or not rest:
        return name == pattern and "/" not in name
    *between, last = rest
    if not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for part in between:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end
