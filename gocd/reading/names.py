"""The names GoCD allows, and that no two of a kind share one."""

import re
from collections.abc import Iterable

from gocd.reading.located_yaml import Text
from gocd.reading.section import Source

NAME = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9_.-]{0,254}")


def check_name(source: Source, name: Text, what: str) -> str:
    """The name itself, when a pipeline, stage or parameter may have it.

    Source: GoCD's NameTypeValidator.java
    """
    if not NAME.fullmatch(name.value):
        rule = "letters, digits, '_', '-' and '.', not starting with '.', at most 255"
        source.fail(name.line, f"'{name.value}' cannot be the name of {what}: {rule}")
    return name.value


def check_unique(source: Source, names: Iterable[tuple[str, int]], what: str) -> None:
    """GoCD compares names without regard to case; *names* come with their lines."""
    seen: dict[str, int] = {}
    for name, line in names:
        if name.lower() in seen:
            source.fail(line, f"{what} '{name}' is already defined on line {seen[name.lower()]}")
        seen[name.lower()] = line
