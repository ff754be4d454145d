"""The line of a file that says what it was made with: the command, to be run again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from gocd.errors import GoCDError
from gocd.numbers import whole
from gocd.shown import shown
from gocd.templates.values import Values

_COMMAND = ("gocd-tasks", "pipeline", "new")
_RECORD = re.compile(r"^# Made with: ((?:.*\\\n#  )*.*)$", re.MULTILINE)
_WIDEST = 95


def made_with(values: Values) -> str:
    """Return the command that makes a file of *values*, as it stands in the file: on lines of a comment."""
    lines = [""]
    for words in _words(values):
        part = shlex.join(words)
        if lines[-1] and len(lines[-1]) + len(part) > _WIDEST:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{part}"
    return " \\\n#   ".join(lines)


def recorded(text: str) -> Values | None:
    """Return what the file *text* was made with; None if it was not made by this.

    Raises:
        GoCDError: It says so, and what it says cannot be made.
    """
    found = _RECORD.search(text)
    if found is None:
        return None
    line = found[1].replace("\\\n#  ", "")
    try:
        words = shlex.split(line)
        if tuple(words[:3]) != _COMMAND:
            return None
        return _values(words[3], iter(words[4:]))
    except (ValueError, IndexError, StopIteration):
        raise GoCDError("its line 'Made with' cannot be read") from None
    except GoCDError as problem:
        raise GoCDError(f"of its line 'Made with': {problem}") from None


def _words(values: Values) -> Iterator[tuple[str, ...]]:
    """The words of the command, those together that are one option."""
    yield (*_COMMAND, values.template)
    if values.name:
        yield "--name", values.name
    if values.group:
        yield "--group", values.group
    if values.instances:
        yield "--instances", ",".join(values.instances)
    for each in values.load_balancers:
        yield "--load-balancer", each
    for name, value in values.parameters.items():
        yield "--parameter", f"{name}={value}"
    if values.format_version is not None:
        yield "--format-version", str(values.format_version)
    if values.automatic is not None:
        yield ("--automatic" if values.automatic else "--by-hand",)
    if values.via:
        yield "--via", values.via
    if values.command:
        yield "--", *values.command


def _values(template: str, words: Iterator[str]) -> Values:
    single: dict[str, str] = {}
    load_balancers: list[str] = []
    parameters: dict[str, str] = {}
    automatic: bool | None = None
    command: tuple[str, ...] = ()
    for word in words:
        if word == "--":
            command = tuple(words)
        elif word in ("--automatic", "--by-hand"):
            automatic = word == "--automatic"
        elif word == "--load-balancer":
            load_balancers.append(next(words))
        elif word == "--parameter":
            name, _, value = next(words).partition("=")
            parameters[name] = value
        else:
            single[word] = next(words)
    version = single.pop("--format-version", None)
    number = None if version is None else whole(version)
    if version is not None and number is None:
        raise GoCDError(f"format_version {shown(version)} is no number")
    instances = single.pop("--instances", "")
    values = Values(
        template,
        name=single.pop("--name", ""),
        group=single.pop("--group", ""),
        instances=tuple(instances.split(",")) if instances else (),
        load_balancers=tuple(load_balancers),
        via=single.pop("--via", ""),
        command=command,
        format_version=number,
        automatic=automatic,
        parameters=parameters,
    )
    if single:
        raise GoCDError(f"there is no option {shown(next(iter(single)))}")
    return values
