"""Rights to a file beyond its owner and mode: access control lists, and SELinux's contexts.

Source: aws-codedeploy-agent 1.8.1, ace_info.rb, context_info.rb, range_info.rb.
"""

import re

from tasks.codedeploy.appspec.findings import Findings, quoted
from tasks.codedeploy.appspec.reading import Value

DEFAULT = ("d", "default")
KINDS = {each[:length]: each for each in ("user", "group", "mask", "other") for length in (1, len(each))}

RANGE = re.compile(r"s(\d+)(?:-s(\d+))?(?::(c\d+(?:\.c\d+)?(?:,c\d+(?:\.c\d+)?)*))?")
MOST_CATEGORY = 1023


def judge_acls(acls: Value, findings: Findings) -> None:
    """Judge an access control list."""
    if acls.what is None:
        return
    if acls.items is None:
        findings.fault(acls.line, f'acls is no list; write acls: ["{quoted(acls.text)}"]')
        return
    for each in acls.items:
        if not isinstance(each.what, str) or not _is_ace(each.what):
            findings.fault(
                each.line, f'acls has {quoted(each.text)}; write such as "u:deploy:rw" or "d:g:staff:r"'
            )


def has_default(acls: Value) -> bool:
    """Whether there is one among them for what is made in a folder later."""
    return any(_is_default(str(each.what).split(":")) for each in acls.items or ())


def _is_default(parts: list[str]) -> bool:
    return len(parts) > 2 and parts[0] in DEFAULT


def _is_ace(text: str) -> bool:
    """Whether it is ``[default:][kind:]name:rights``, for somebody whose rights mode does not say."""
    parts = text.split(":")
    default = _is_default(parts)
    kinds = parts[1 if default else 0 : -2]
    if len(parts) < 2 or len(kinds) > 1 or any(each not in KINDS for each in kinds):
        return False
    name, rights = parts[-2:]
    kind = KINDS[kinds[0]] if kinds else "user"
    if not kinds and KINDS.get(name) in ("mask", "other"):
        kind, name = KINDS[name], ""
    nameless = kind in ("mask", "other")
    if name if nameless else not (name or default):
        return False
    if kind == "other" and not default:
        return False
    return bool(re.fullmatch("[0-7]|[rwx-]*", rights))


def judge_context(context: Value, findings: Findings) -> None:
    """Judge a context of SELinux's."""
    if context.what is None:
        return
    if context.get("type").what is None:
        findings.fault(context.line, "context has no type; write type: and SELinux's name of it below")
        return
    limits = context.get("range")
    if limits.what is not None and not _is_range(limits.text):
        findings.fault(limits.line, f"range is {quoted(limits.text)}; write such as s0 or s0-s1:c0.c100")


def _is_range(text: str) -> bool:
    found = RANGE.fullmatch(text)
    if not found or (found[2] and int(found[2]) < int(found[1])):
        return False
    categories: list[int] = []
    for part in (found[3] or "").split(",") if found[3] else []:
        low, _, high = part.replace("c", "").partition(".")
        if max(int(low), int(high or 0)) > MOST_CATEGORY or int(high or low) < int(low):
            return False
        categories += range(int(low), int(high or low) + 1)
    return len(categories) == len(set(categories))
