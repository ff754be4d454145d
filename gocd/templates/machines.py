"""The machines of a pipeline, one after the other, and the stages named after them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# What a stage is called in any case.
_OTHERS = ("verify", "report")
# GoCD takes 255 characters; what is added to a name goes after it.
_LONGEST = 200
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Machine:
    """One of them.

    Args:
        name: What it is called in AWS.
        number: From 1.
        stage: What the stages that are about it are called, or begin with.
    """

    name: str
    number: int
    stage: str

    @property
    def parameter(self) -> str:
        return ordinal(self.number)

    @property
    def stages(self) -> dict[str, str]:
        """Its stages, each with its one job; between those of the first machine there is time for a look."""
        if self.number > 1:
            return {self.stage: "detach-deploy-and-attach"}
        return {f"{self.stage}-out": "detach-and-deploy", f"{self.stage}-in": "attach"}

    @property
    def folders(self) -> list[str]:
        """Where what these stages have published is fetched to."""
        return [str(self.number)] if self.number > 1 else ["1-out", "1-in"]


def in_order(names: Sequence[str]) -> list[Machine]:
    """Return the machines called *names*, each of whose stages has a name of its own that GoCD takes."""
    return list(_named(names))


def _named(names: Sequence[str]) -> Iterator[Machine]:
    taken = {*_OTHERS}
    for number, name in enumerate(names, 1):
        wanted = _allowed(name)
        again = 1
        machine = Machine(name, number, wanted)
        while taken & {stage.lower() for stage in machine.stages}:
            again += 1
            machine = Machine(name, number, f"{wanted}-{again}")
        taken |= {stage.lower() for stage in machine.stages}
        yield machine


def _allowed(name: str) -> str:
    """*name* with what no stage's name may have replaced; GoCD takes names for the same in any case.

    Source: GoCD's NameTypeValidator.java
    """
    allowed = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
    if allowed != name:
        allowed = allowed.strip("-")
    return allowed.lstrip(".")[:_LONGEST] or "machine"


def ordinal(number: int) -> str:
    """Return ``first``, ``second``, and from ten on ``10th``."""
    if number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def counted(number: int, what: str) -> str:
    """Return ``one machine``, ``two machines``, and from eleven on figures."""
    word = _NUMBERS[number - 1] if number <= len(_NUMBERS) else f"{number:,}"
    return f"{word} {what}{'' if number == 1 else 's'}"
