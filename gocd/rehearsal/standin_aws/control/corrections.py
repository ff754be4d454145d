"""Replacing what moto says with what AWS says: the one way in which the stand-in changes moto."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Correction:
    """A method of one of moto's classes, and what is called in its place with the same arguments.

    *added* tells an operation that moto does not model at all.
    """

    owner: type[Any]
    name: str
    replacement: Callable[..., Any]
    added: bool = False


class Corrections:
    """Corrections in force until ``undo``."""

    def __init__(self, corrections: Iterable[Correction]) -> None:
        self._originals: list[tuple[type[Any], str, Any]] = []
        for correction in corrections:
            owner, name = correction.owner, correction.name
            self._originals.append((owner, name, owner.__dict__.get(name)))
            setattr(owner, name, _as_method(correction.replacement))

    def undo(self) -> None:
        for owner, name, original in reversed(self._originals):
            if original is None:
                delattr(owner, name)
            else:
                setattr(owner, name, original)


def _as_method(replacement: Callable[..., Any]) -> Callable[..., Any]:
    # moto finds operations by looking for functions, and a bound method would not be given its object.
    def method(this: Any, *arguments: Any, **named: Any) -> Any:
        return replacement(this, *arguments, **named)

    return method
