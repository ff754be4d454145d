"""What is looked at while users are on both sides, and after each step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tasks.running.errors import TaskError
from tasks.running.waiting import Missing, Wait
from tasks.switching.enough import Enough

# Seconds between two looks.
PERIOD = 10.0

# Seconds in which AWS may be slow to answer the last one.
PATIENCE = 60.0

# Looks once, and returns what is wrong in words; None if nothing is.
Evidence = Callable[[], str | None]


class NotWell(TaskError):
    """Users are not well on green."""


@dataclass(frozen=True)
class Watch:
    """How a step is proved.

    Args:
        enough: What green has to have.
        during: What is looked at all the time.
        after: What is looked at once, at the end of a step, told its share.
        settle: Seconds that a step lasts.
    """

    enough: Enough
    during: Sequence[Evidence]
    after: Sequence[Callable[[int], str | None]]
    settle: float

    def over(self, share: int, wait: Wait) -> None:
        """Watch a step to its end.

        Raises:
            NotWell: Something is wrong, or green has too few healthy ones.
        """
        start = wait.clock.now()
        words = f"{self.enough.environment.name}: {share}% of users, settling"

        def look() -> float | Missing:
            self.check(share)
            seconds = wait.since(start)
            return seconds if seconds >= self.settle else Missing(words)

        def pace(elapsed: float) -> float:
            return min(PERIOD, max(0.0, self.settle - elapsed))

        wait.until_done(look, pace=pace, within=self.settle + PATIENCE, usually=self.settle)
        for ask in self.after:
            if wrong := ask(share):
                raise NotWell(f"at {share}%: {wrong}")
        wait.log.say(f"{self.enough.environment.name}: well with {share}% of users")

    def check(self, share: int) -> None:
        """Look once.

        Raises:
            NotWell: Something is wrong.
        """
        for look in (lambda: self.enough.missing(share), *self.during):
            if wrong := look():
                raise NotWell(f"at {share}%: {wrong}")
