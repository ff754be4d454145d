"""What leads users to one of two environments: a rule of a listener, a record of DNS."""

from dataclasses import dataclass
from typing import Protocol

from tasks.switching.shares import Weights, shared


class Way(Protocol):
    """One thing that leads users, by weights that are told and written as a whole."""

    @property
    def key(self) -> str:
        """What it is remembered by, for whoever takes users back."""

    @property
    def title(self) -> str:
        """What people know it by."""

    @property
    def heaviest(self) -> int:
        """The largest weight that it takes."""

    @property
    def lets_go(self) -> bool:
        """Whether it holds nobody to green, which need not stay in it once it has no users."""

    def stands(self) -> Weights:
        """Return the weights by name, as they are now."""

    def write(self, weights: Weights) -> None:
        """Have it lead users by these, and leave all else as it is."""


class Environment(Protocol):
    """Blue or green."""

    @property
    def name(self) -> str: ...

    def healthy(self) -> int:
        """Count those of it that can serve users now."""

    def trouble(self) -> str:
        """Tell why the first one that did not count could not; empty if all did, or nobody knows."""


@dataclass(frozen=True)
class Course:
    """One way from blue to green.

    Args:
        former: Its weights before all of this began.
        blue: The names of the two in its weights.
    """

    way: Way
    former: Weights
    blue: str
    green: str

    def at(self, share: int) -> Weights:
        """Return the weights with which green has *share* percent."""
        return shared(self.former, self.blue, self.green, share, self.way.heaviest)
