"""Names written into a template: a second stack of it would ask for what the first one has.

CloudFormation's own check of names finds such a clash only once a stack is asked for, and not everywhere
(CloudFormation user guide, Validate stack deployments).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What differs from stack to stack.
OWN = {"AWS::StackName", "AWS::StackId"}

# Stands for a property that is not there.
ABSENT = {"Ref": "AWS::NoValue"}

# Their names are addresses (``doors``).
RECORDS = {"AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup"}

_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


@dataclass(frozen=True)
class Names:
    """What tells which values of a template would be the same in a clone.

    Args:
        template: As it was read.
        changed: The parameters that a clone is given other values for.
        identifiers: By type, the properties that identify a resource, as CloudFormation's summary has them.
    """

    template: Mapping[str, Any]
    changed: Collection[str]
    identifiers: Mapping[str, Sequence[str]]

    def found(self, present: Collection[str]) -> Iterator[str]:
        """Yield each name that is fixed, in words, of the resources *present*."""
        for logical_id, resource in self.template["Resources"].items():
            if logical_id not in present:
                continue
            kind, properties = str(resource.get("Type", "")), resource.get("Properties") or {}
            if isinstance(properties, dict) and kind not in RECORDS:
                for name in self._naming(kind, properties):
                    yield f"{logical_id}.{name} ({kind}) is {_shown(properties[name])}"
        for output, definition in (self.template.get("Outputs") or {}).items():
            export = definition.get("Export") if isinstance(definition, dict) else None
            export = export.get("Name") if isinstance(export, dict) else None
            if export is not None and self.is_fixed(export):
                yield f"the export of output {output} is {_shown(export)}"

    def imported(self) -> list[str]:
        """Name, in words, what it imports of other stacks."""
        return sorted({_shown(each) for each in _arguments(self.template, "Fn::ImportValue")})

    def is_fixed(self, value: Any) -> bool:
        """Whether *value* would be the same in a clone."""
        if isinstance(value, list):
            return all(map(self.is_fixed, value))
        if not isinstance(value, dict):
            return True
        return all(self._same(function, argument) for function, argument in value.items())

    def _same(self, function: str, argument: Any) -> bool:
        if function == "Ref":
            return self._named(str(argument))
        if function == "Fn::Sub":
            return self._substituted(argument)
        if function == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            return any(self.is_fixed(each) for each in argument[1:] if each != ABSENT)
        return function != "Fn::GetAtt" and self.is_fixed(argument)

    def _naming(self, kind: str, properties: Mapping[str, Any]) -> Iterator[str]:
        identifying = [name for name in self.identifiers.get(kind, ()) if name in properties]
        if identifying and all(self.is_fixed(properties[name]) for name in identifying):
            yield from identifying
        for name, value in properties.items():
            named = name not in identifying and _names(kind, name) and value != ABSENT
            if named and self.is_fixed(value):
                yield name

    def _named(self, name: str) -> bool:
        if name in (self.template.get("Parameters") or {}):
            return name not in self.changed
        return name.startswith("AWS::") and name not in OWN

    def _substituted(self, argument: Any) -> bool:
        parts = argument if isinstance(argument, list) else [argument]
        text, own = parts[0] if parts else "", parts[1] if len(parts) > 1 else {}
        own = own if isinstance(own, dict) else {}
        for match in _VARIABLE.finditer(str(text)):
            name = match[2].strip()
            if match[1]:
                continue
            if not (self.is_fixed(own[name]) if name in own else "." not in name and self._named(name)):
                return False
        return True


def _names(kind: str, name: str) -> bool:
    """Whether a property names the resource itself: ``Name``, or ``QueueName`` of a queue.

    ``DBName`` of a database instance and ``KeyName`` of an instance name something else.
    """
    stem = name.removesuffix("Name")
    return stem != name and kind.rpartition("::")[2].endswith(stem)


def _arguments(value: Any, function: str) -> Iterator[Any]:
    inside: Iterable[Any] = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        if function in value:
            yield value[function]
        inside = value.values()
    for each in inside:
        yield from _arguments(each, function)


def _shown(value: Any) -> str:
    """Say a value in words: what it is, or which parameters make it."""
    if isinstance(value, (str, int, float)):
        return repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, dict) and len(value) == 1:
        [(function, argument)] = value.items()
        if function in ("Ref", "Fn::Sub") and isinstance(argument, str):
            return f"parameter {argument}" if function == "Ref" else repr(argument)
    return "made of what stays the same"
