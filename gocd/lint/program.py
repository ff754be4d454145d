"""The command line of ``gocd-tasks`` as a pipeline may call it; whoever has the commands tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Check = Callable[[str], str]
"""Says what is wrong with a value, after the name of what it is given to; nothing if it is taken."""


@dataclass(frozen=True)
class Parameter:
    """An option or an argument.

    Args:
        names: Of an option as it is written; of an argument, what it is called.
        variable: Where its value may come from as well.
        is_flag: It stands alone.
        takes_many: It repeats, and its variable holds several words.
        is_needed: The command cannot do without it.
        wrong: What its own type refuses.
    """

    names: tuple[str, ...]
    wrong: Check
    variable: str = ""
    is_flag: bool = False
    takes_many: bool = False
    is_needed: bool = False


@dataclass(frozen=True)
class Rule:
    """How many of some options and arguments a command takes together."""

    names: tuple[str, ...]
    at_least: int = 1
    at_most: int = 1


@dataclass(frozen=True)
class Command:
    """One command: its options by every name of theirs, and its arguments in their order."""

    name: str
    options: Mapping[str, Parameter]
    arguments: tuple[Parameter, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (*dict.fromkeys(self.options.values()), *self.arguments)


@dataclass(frozen=True)
class Program:
    """All commands, those of a command of commands by both words, such as ``lock acquire``.

    Args:
        options: What may be given without a command, such as ``--help``.
    """

    commands: Mapping[str, Command]
    options: frozenset[str] = frozenset()

    @property
    def groups(self) -> frozenset[str]:
        """The words that another one must follow."""
        return frozenset(name.split()[0] for name in self.commands if " " in name)
