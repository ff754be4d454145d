"""What Ruby says of a value that is not what it is taken for: words that people read in AWS's console."""

from __future__ import annotations

from typing import Any

import yaml

from gocd.rehearsal.standin_aws.services.code_deploy.agent.failure import AgentFailure

_CLASSES = {type(None): "NilClass", str: "String", int: "Integer", float: "Float", list: "Array"}
# Both have YAML 1.1; this one has the error messages of libyaml, which Ruby reads YAML with.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str | bytes) -> Any:
    """Read the first document of a YAML file; what is none fails in the words of Ruby's ``YAML.load``."""
    try:
        return next(iter(yaml.load_all(text, _LOADER)), None)
    except yaml.MarkedYAMLError as problem:
        what = " ".join(part for part in (problem.problem, problem.context) if part)
        mark = problem.context_mark or problem.problem_mark
        where = f" at line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise AgentFailure(f"(<unknown>): {what}{where}") from None
    except yaml.YAMLError as problem:
        raise AgentFailure(f"(<unknown>): {problem}") from None


def given(value: Any, otherwise: Any = None) -> Any:
    """Give *value*, or *otherwise* where it is nothing: to Ruby that is nil and false, and 0 is not."""
    return otherwise if value is None or value is False else value


def inspect(value: Any) -> str:
    """Write a value as Ruby's ``inspect`` does."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(inspect, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inspect(k)}=>{inspect(v)}" for k, v in value.items()) + "}"
    return str(value)


def to_s(value: Any) -> str:
    """Write a value as Ruby puts it into a text."""
    return "" if value is None else value if isinstance(value, str) else inspect(value)


def to_i(value: Any) -> int:
    """Make a whole number of a value: a text's leading digits, or 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise no_method("to_i", value)
    if not isinstance(value, str):
        return int(value)
    text = value.strip()
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    digits = text[: next((i for i, each in enumerate(text) if not each.isdigit()), len(text))]
    return sign * int(digits or 0)


def items(value: Any, method: str = "each") -> list[Any]:
    """Give the items of a list; a mapping's are pairs, and nothing else has any."""
    if isinstance(value, dict):
        return [list(pair) for pair in value.items()]
    if not isinstance(value, list):
        raise no_method(method, value)
    return value


def mapping(value: Any, method: str) -> dict[Any, Any]:
    """Give a mapping; what is none lacks its *method*."""
    if not isinstance(value, dict):
        raise no_method(method, value)
    return value


def no_method(name: str, value: Any) -> AgentFailure:
    """Say that a value has no method of that name (NoMethodError, as Ruby before 3.4 words it)."""
    return AgentFailure(f"undefined method `{name}' for {inspect(value)}:{class_of(value)}")


def text(value: Any) -> str:
    """Give a text that has to be one (TypeError)."""
    if isinstance(value, str):
        return value
    kind = inspect(value) if value is None or isinstance(value, bool) else class_of(value)
    raise AgentFailure(f"no implicit conversion of {kind} into String")


def class_of(value: Any) -> str:
    """Give Ruby's name of the class that a value of YAML's has."""
    if isinstance(value, bool):
        return "TrueClass" if value else "FalseClass"
    return _CLASSES.get(type(value), "Hash")
