"""An appspec's YAML, read as CodeDeploy's agent reads it, every value with its line.

Sources: aws-codedeploy-agent 1.8.1, application_specification.rb (YAML.load); Psych, which is Ruby's YAML.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tasks.codedeploy.appspec.findings import Findings, quoted

# Bytes; one that a person has written has some thousand.
LONGEST = 256 * 1024


@dataclass(frozen=True)
class Value:
    """A value of an appspec.

    Args:
        what: A text, number, truth value or None, a list of values, or values by their keys.
        line: Where it stands, or its key does.
        text: As it is written, if it is neither list nor mapping.
    """

    what: Any
    line: int
    text: str = ""

    @property
    def empty(self) -> bool:
        """Whether Ruby takes it for nothing."""
        return self.what is None or self.what is False

    @property
    def mapping(self) -> dict[str, "Value"] | None:
        return self.what if isinstance(self.what, dict) else None

    @property
    def items(self) -> list["Value"] | None:
        return self.what if isinstance(self.what, list) else None

    def get(self, key: str) -> "Value":
        """Return what stands at *key* of a mapping; nothing, in the mapping's own line, if there is none."""
        return (self.mapping or {}).get(key) or Value(None, self.line)


def read_appspec(content: bytes, findings: Findings) -> Value | None:
    """Return what an appspec says; None if it cannot be read, which *findings* then tell."""
    if len(content) > LONGEST:
        findings.fault(1, f"has more than {LONGEST:,} bytes, which is no appspec")
        return None
    try:
        for event in _first(yaml.parse(content, yaml.SafeLoader)):
            if isinstance(event, yaml.AliasEvent) and event.start_mark:
                # Psych 4, which comes with Ruby 3.1, refuses them; earlier ones do not.
                line, old = event.start_mark.line + 1, "which an agent takes only if its Ruby is old"
                findings.fault(line, f"*{quoted(event.anchor)} is an alias, {old}; write it out")
                return None
        root = next(iter(yaml.compose_all(content, yaml.SafeLoader)), None)
        return _value(root, findings) if root else Value(None, 1)
    except yaml.YAMLError as problem:
        _not_yaml(problem, content, findings)
    except RecursionError:
        findings.fault(1, "is nested too deeply to be an appspec")
    return None


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the one of *known* that *word* is a misspelling of, in whatever case; empty if it is none."""
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[near[0]] if near else ""


def check_keys(found: Value, known: Iterable[str], findings: Findings) -> None:
    """Doubt each key that CodeDeploy passes over."""
    for key, value in (found.mapping or {}).items():
        if key not in known:
            meant = nearest(key, known)
            instead = f"write {meant}:" if meant else f"it knows {', '.join(known)}"
            findings.doubt(value.line, f"CodeDeploy passes over {quoted(key)}; {instead}")


def _first(events: Iterable[yaml.Event]) -> Iterator[yaml.Event]:
    # What follows the end of the first document is not looked at.
    for event in events:
        yield event
        if isinstance(event, yaml.DocumentEndEvent):
            return


def _value(node: yaml.Node, findings: Findings, line: int = 0) -> Value:
    line = line or node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Value([_value(each, findings) for each in node.value], line)
    if isinstance(node, yaml.MappingNode):
        read: dict[str, Value] = {}
        for key, value in node.value:
            name, place = _key(key), key.start_mark.line + 1
            if name in read:
                again = (
                    f"{quoted(name)} stands in line {read[name].line} already, and only this one would count"
                )
                findings.fault(place, f"{again}; write both as one")
            read[name] = _value(value, findings, place)
        return Value(read, line)
    return Value(_scalar(node), line, str(node.value))


def _key(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "?"


def _scalar(node: yaml.Node) -> Any:
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError):
        # With a tag of YAML's own that does not go with it, such as !!timestamp before a name.
        return node.value


def _not_yaml(problem: yaml.YAMLError, content: bytes, findings: Findings) -> None:
    mark = getattr(problem, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    lines = content.splitlines()
    before = lines[line - 1] if line <= len(lines) else b""
    if b"\t" in before[: len(before) - len(before.lstrip())]:
        findings.fault(line, "begins with a tab, which YAML does not take; write blanks")
        return
    what = getattr(problem, "problem", None) or str(problem)
    findings.fault(line, f"is no YAML ({quoted(what)})")
