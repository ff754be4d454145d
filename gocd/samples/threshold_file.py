"""Thresholds from a YAML file, read strictly: a limit with a typo would be a limit that does not hold."""

from __future__ import annotations

from math import nan
from pathlib import Path

from gocd.errors import GoCDError
from gocd.nearest import nearest
from gocd.numbers import decimal
from gocd.reading.located_yaml import Mapping, Node, Text, read_located_yaml
from gocd.samples.limits import RULES, Limits, Thresholds

_LABELS = "labels"


class ThresholdError(GoCDError):
    """A mistake in a file of thresholds, and the line it is on."""


def read_thresholds(path: Path) -> Thresholds:
    """Read the limits of *path*: names and numbers, and under ``labels`` the same for each label.

    Raises:
        GoCDError: It cannot be read, or says something that is not a limit.
    """
    reading = _Reading(path)
    document = reading.mapping(read_located_yaml(path), "thresholds")
    labels = document.entries.get(_LABELS)
    per_label = reading.mapping(labels.value, _LABELS).entries if labels else {}
    return Thresholds(
        overall=reading.limits(document, (*RULES, _LABELS)),
        labels={
            label: reading.limits(reading.mapping(entry.value, f"label {label}"), tuple(RULES))
            for label, entry in per_label.items()
        },
    )


class _Reading:
    def __init__(self, path: Path) -> None:
        self._path = path

    def mapping(self, node: Node, what: str) -> Mapping:
        if not isinstance(node, Mapping):
            raise self._wrong(node.line, f"{what} must be names and their values")
        return node

    def limits(self, mapping: Mapping, known: tuple[str, ...]) -> Limits:
        found = {}
        for name, entry in mapping.entries.items():
            if name not in known:
                guess = nearest(name, known) or f"known: {', '.join(known)}"
                raise self._wrong(entry.key.line, f"there is no limit '{name}'; {guess}")
            if name in RULES:
                found[name] = self._number(name, entry.value)
        return found

    def _number(self, name: str, node: Node) -> float:
        number = decimal(node.value) if isinstance(node, Text) else None
        if problem := RULES[name].problem(nan if number is None else number):
            raise self._wrong(node.line, f"{name} {problem}")
        return number or 0.0

    def _wrong(self, line: int, text: str) -> ThresholdError:
        return ThresholdError(f"{self._path}:{line}: {text}")
