"""What AWS answers, as values: each field is held to the service's own model at the moment it is read.

What a proxy cuts off or makes up may parse all the same; AWS's models hardly say what is always there.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tasks.aws.errors import incomplete, senseless

# botocore's names of what is no structure, list or map; a value of any other is handed on as it is.
KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "character": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and math.isfinite(value),
    "double": lambda value: isinstance(value, (int, float)) and math.isfinite(value),
    "boolean": lambda value: isinstance(value, bool),
    "timestamp": lambda value: isinstance(value, datetime) and value.tzinfo is not None,
}

# What botocore adds to every answer; no model has it.
METADATA = "ResponseMetadata"


class Answer(Mapping[str, Any]):
    """A structure in the answer to *action*.

    Asked for by its key, a field is one that AWS always tells, and an AwsError if it is not there. What AWS
    may leave out is asked for with ``get``. Of another kind than the model's, either is an AwsError.

    Args:
        shape: botocore's model of it; None for an answer that tells nothing.
        told: What botocore read.
        within: Where it is in the answer, for example ``Reservations.Instances``.
    """

    def __init__(self, action: str, shape: Any, told: Mapping[str, Any], within: str = "") -> None:
        self._action, self._told, self._within = action, told, within
        self._members: Mapping[str, Any] = shape.members if shape is not None else {}

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise incomplete(self._action, self._where(key))
        return self._field(key)

    def get(self, key: str, default: Any = None) -> Any:
        return self._field(key) if key in self else default

    def __contains__(self, key: object) -> bool:
        return self._told.get(key) is not None if isinstance(key, str) else False

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._told if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _where(self, key: str) -> str:
        return f"{self._within}.{key}" if self._within else key

    def _field(self, key: str) -> Any:
        value = self._told[key]
        return value if key == METADATA else self._read(self._members.get(key), value, self._where(key))

    def _read(self, shape: Any, value: Any, where: str) -> Any:
        kind = shape.type_name if shape is not None else ""
        if kind == "structure" and isinstance(value, Mapping):
            return Answer(self._action, shape, value, where)
        if kind == "list" and isinstance(value, list):
            return [self._read(shape.member, each, where) for each in value]
        if kind == "map" and isinstance(value, Mapping):
            return {key: self._read(shape.value, each, f"{where}.{key}") for key, each in value.items()}
        if kind in ("structure", "list", "map") or not KINDS.get(kind, lambda _: True)(value):
            raise senseless(self._action, where, value)
        return value


def plain(value: Any) -> Any:
    """Return a value of an answer as one that can be sent back: structures as dictionaries of their own."""
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in value}
    return [plain(each) for each in value] if isinstance(value, list) else value
