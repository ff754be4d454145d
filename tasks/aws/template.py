"""Templates of CloudFormation, JSON or YAML with short forms, as values with the long ones.

Source: CloudFormation user guide, Template anatomy, Intrinsic function reference.
"""

import json
from collections.abc import Mapping
from typing import Any

from tasks.running.errors import Refused
from tasks.running.quoting import clipped

# Levels of a template; one that is worked with has a dozen.
DEEPEST = 100


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
    for section in ("Parameters", "Conditions", "Outputs"):
        if not isinstance(template.get(section) or {}, dict):
            raise Refused(f"the template of {name} has {section} that cannot be read")
    if _depth(template) > DEEPEST:
        raise Refused(f"the template of {name} is nested deeper than anybody writes")
    return template


def _of_mappings(resources: Any) -> bool:
    return isinstance(resources, dict) and all(
        isinstance(key, str) and isinstance(each, dict) for key, each in resources.items()
    )


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        depth += 1
    return depth


def _yaml(text: str) -> Any:
    # Loading it takes as long as a short command does, and few commands read a template.
    import yaml  # noqa: PLC0415

    class Loader(yaml.SafeLoader):
        """Takes short forms for long ones, leaves dates as they are written, and takes no aliases.

        Nor does CloudFormation (user guide, Template formats), and few bytes of them are billions of values.
        """

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("it has an alias, which CloudFormation does not take")
            return super().compose_node(parent, index)

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
