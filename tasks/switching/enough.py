"""Whether an environment can carry its share of the users."""

import math
from dataclasses import dataclass

from tasks.switching.way import Environment


@dataclass(frozen=True)
class Enough:
    """How many healthy ones a share takes.

    Args:
        full: Those that all users take.
        why: Where that number comes from, in words.
    """

    environment: Environment
    full: int
    why: str

    def needed(self, share: int) -> int:
        """Return how many *share* percent of the users take; one at least."""
        return max(1, math.ceil(self.full * share / 100))

    def missing(self, share: int) -> str | None:
        """Look, and tell what is missing for *share* percent; None if nothing is."""
        healthy, needed = self.environment.healthy(), self.needed(share)
        if healthy >= needed:
            return None
        why = f" ({trouble})" if (trouble := self.environment.trouble()) else ""
        return (
            f"{self.environment.name} has {healthy} healthy{why}, and {share}% of users take {needed} "
            f"({self.why})"
        )
