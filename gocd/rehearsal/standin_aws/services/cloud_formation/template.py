"""Templates as CloudFormation reads them: JSON or YAML with short forms, and functions worked out.

Source: CloudFormation user guide, Template anatomy, Intrinsic function reference, Pseudo parameters, Dynamic
references (ssm).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")
_SSM = re.compile(r"\{\{resolve:ssm:([^:}]+)(?::\d+)?\}\}")
# Stands for a property that is to be as if it were not there.
ABSENT = object()


class _Loader(yaml.SafeLoader):
    """YAML in which dates stay as they are written, and short forms are read as the long ones."""


def _short(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


_Loader.add_multi_constructor("!", _short)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_template(text: str) -> dict[str, Any]:
    """Read a template.

    Raises:
        ValueError: It is none.
    """
    try:
        template = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, _Loader)  # noqa: S506
    except (ValueError, yaml.YAMLError) as problem:
        raise ValueError(f"Template format error: {problem}") from None
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise ValueError("Template format error: At least one Resources member must be defined.")
    return template


@dataclass
class Values:
    """What functions of a template come to.

    Args:
        names: What Ref gives: parameters, pseudo parameters, and resources that are there by now.
        attributes: What GetAtt gives, by logical id.
        imported: Gives the value of an export.
        parameter: Gives the value of a parameter of Systems Manager.
    """

    template: Mapping[str, Any]
    names: dict[str, Any]
    imported: Callable[[str], str]
    parameter: Callable[[str], str]
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of(self, value: Any) -> Any:
        """Work *value* out; a property without one is left out.

        Raises:
            LookupError: It speaks of what there is not.
        """
        if isinstance(value, list):
            return [each for each in map(self.of, value) if each is not ABSENT]
        if isinstance(value, str):
            return _SSM.sub(lambda match: self.parameter(match[1]), value)
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return self._function(name.removeprefix("Fn::"), argument)
        worked = {name: self.of(each) for name, each in value.items()}
        return {name: each for name, each in worked.items() if each is not ABSENT}

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template does."""
        return self._true(self.template.get("Conditions", {})[condition])

    def _ref(self, name: str) -> Any:
        return ABSENT if name == "AWS::NoValue" else self.names[name]

    def _function(self, name: str, argument: Any) -> Any:
        if name == "If":
            condition, yes, no = argument
            return self.of(yes if self.holds(condition) else no)
        if name == "Sub":
            return self._substituted(argument)
        if name == "GetAtt":
            logical, attribute = argument
            return self.attributes[logical][attribute]
        return self._simple(name, self.of(argument))

    def _simple(self, name: str, given: Any) -> Any:
        """Give what a function comes to whose arguments are all worked out first."""
        functions: dict[str, Callable[[], Any]] = {
            "Join": lambda: given[0].join(str(each) for each in given[1]),
            "Select": lambda: given[1][int(given[0])],
            "Split": lambda: given[1].split(given[0]),
            "FindInMap": lambda: self.template["Mappings"][given[0]][given[1]][given[2]],
            "ImportValue": lambda: self.imported(given),
            "Base64": lambda: given,
            "GetAZs": lambda: [f"{given or self.names['AWS::Region']}{letter}" for letter in "abc"],
        }
        if name not in functions:
            raise LookupError(f"Fn::{name}")
        return functions[name]()

    def _substituted(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else (argument[0], self.of(argument[1]))

        def value(match: re.Match[str]) -> str:
            if match[1]:
                return f"${{{match[2]}}}"
            name = match[2].strip()
            if name in own:
                return str(own[name])
            logical, dot, attribute = name.partition(".")
            return str(self.attributes[logical][attribute] if dot else self.names[name])

        return str(self.of(_VARIABLE.sub(value, text)))

    def _true(self, rule: Any) -> bool:
        [(name, argument)] = rule.items()
        match name:
            case "Fn::Equals":
                left, right = self.of(argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not self._true(argument[0])
            case "Fn::And":
                return all(map(self._true, argument))
            case "Fn::Or":
                return any(map(self._true, argument))
            case "Condition":
                return self.holds(argument)
        raise LookupError(name)


def named_in(value: Any) -> Iterator[str]:
    """Name everything that Ref, GetAtt and Sub inside *value* speak of."""
    if isinstance(value, list):
        for each in value:
            yield from named_in(each)
    elif isinstance(value, dict):
        for name, argument in value.items():
            if name == "Ref":
                yield argument
            elif name == "Fn::GetAtt":
                yield argument[0] if isinstance(argument, list) else argument.partition(".")[0]
            else:
                if name == "Fn::Sub":
                    text = argument if isinstance(argument, str) else argument[0]
                    yield from (match[2].strip().partition(".")[0] for match in _VARIABLE.finditer(text))
                yield from named_in(argument)
