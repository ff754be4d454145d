"""Templates of CloudFormation, JSON or YAML with short forms, as values with the long ones.

Source: CloudFormation user guide, Template anatomy, Intrinsic function reference.
"""

import json
from collections.abc import Mapping
from typing import Any

from tasks.running.errors import Refused
from tasks.running.quoting import clipped


def read_template(text: str, name: str) -> dict[str, Any]:
    """Read the template of the stack *name*.

    Raises:
        Refused: It cannot be read, so nobody knows what a clone would make.
    """
    try:
        template = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except (ValueError, RecursionError) as problem:
        what = f"the template of {name} cannot be read ({clipped(' '.join(str(problem).split()))})"
        raise Refused(what) from None
    if not isinstance(template, dict) or not _of_mappings(template.get("Resources")):
        raise Refused(f"the template of {name} has no resources that can be read")
    return template


def _of_mappings(resources: Any) -> bool:
    return isinstance(resources, dict) and all(isinstance(each, dict) for each in resources.values())


def _yaml(text: str) -> Any:
    # Loading it takes as long as a short command does, and few commands read a template.
    import yaml  # noqa: PLC0415

    class Loader(yaml.SafeLoader):
        """Takes short forms for long ones, and leaves dates as they are written."""

    def long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Mapping[str, Any]:
        name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
        if isinstance(node, yaml.ScalarNode):
            return {name: loader.construct_scalar(node)}
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        if isinstance(node, yaml.MappingNode):
            return {name: loader.construct_mapping(node, deep=True)}
        return {}

    def as_written(loader: yaml.SafeLoader, node: yaml.Node) -> str:
        return str(loader.construct_scalar(node)) if isinstance(node, yaml.ScalarNode) else ""

    Loader.add_multi_constructor("!", long_form)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", as_written)
    try:
        return yaml.load(text, Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as problem:
        raise ValueError(str(problem)) from None
