"""The names GoCD allows, and that no two of a kind share one."""

import re
from collections.abc import Iterable

from gocd.reading.located_yaml import Text
from gocd.reading.section import Located, Source

NAME = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9_.-]{0,254}")
LONGEST = 255


def check_name(source: Source, name: Text, what: str) -> str:
    """The name itself, when a group, pipeline, template, stage, material or parameter may have it.

    None of these names has its parameters replaced.
    Source: GoCD's NameTypeValidator.java
    """
    if not NAME.fullmatch(name.value):
        rule = f"letters, digits, '_', '-' and '.', not starting with '.', at most {LONGEST}"
        if "#{" in name.value:
            rule = f"GoCD replaces no parameter there; {rule}"
        source.fail(name, f"'{shortened(name.value)}' cannot be the name of {what}", rule)
    return name.value


def check_unique(source: Source, names: Iterable[tuple[str, Located]], what: str) -> None:
    """GoCD compares names without regard to case; *names* come with their places."""
    seen: dict[str, Located] = {}
    for name, at in names:
        if name.lower() in seen:
            source.fail(at, f"{what} '{name}' is already defined on line {seen[name.lower()].line}")
        seen[name.lower()] = at


def shortened(name: str) -> str:
    """*name*, short enough for a line."""
    return name if len(name) <= 80 else f"{name[:77]}..."
