"""The fields of a GoCD server's answers, each held to what it has to be."""

from __future__ import annotations

from typing import Any

from gocd.client.errors import Unusable
from gocd.numbers import number, whole


class NotAsPromised(Unusable):
    """An answer is not what the API's own page says."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"GoCD's answer is not what its API says: {what}", "See whether a proxy answers for it"
        )


def fields(value: Any, what: str) -> dict[str, Any]:
    """Return *value* as an object."""
    if not isinstance(value, dict):
        raise NotAsPromised(f"{what} is no object")
    return value


def entries(of: Any, name: str) -> list[dict[str, Any]]:
    """Return the list of objects under *name*."""
    value = fields(of, "it").get(name)
    if not isinstance(value, list):
        raise NotAsPromised(f"it has no list of {name}")
    return [fields(each, f"one of {name}") for each in value]


def text(of: dict[str, Any], name: str) -> str:
    """Return the text under *name*; empty if it is null or absent."""
    value = of.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NotAsPromised(f"{name} is no text")
    return value


def named(of: dict[str, Any]) -> str:
    """Return the name, which everything has."""
    if not (found := text(of, "name")):
        raise NotAsPromised("something has no name")
    return found


def flag(of: dict[str, Any], name: str) -> bool:
    """Return whether it is so; not so if that is null or absent."""
    value = of.get(name)
    if value is not None and not isinstance(value, bool):
        raise NotAsPromised(f"{name} is neither true nor false")
    return bool(value)


def counter(of: dict[str, Any], name: str = "counter") -> int:
    """Return a counter, which some answers have as a text and some as a number."""
    value = of.get(name)
    found = whole(value) if isinstance(value, str) else number(value, 0, 10**12)
    if found is None or found != int(found):
        raise NotAsPromised(f"{name} is no counter")
    return int(found)


# The last second that has a date.
_LAST = 253_402_300_799


def moment(of: dict[str, Any], name: str) -> float | None:
    """Return the seconds since 1970 under *name*, which has milliseconds; None if it is null or absent."""
    value = of.get(name)
    if value is None:
        return None
    found = number(value, 0, _LAST * 1000)
    if found is None:
        raise NotAsPromised(f"{name} is no time")
    return found / 1000
