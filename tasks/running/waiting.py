"""The only polling loop: looks at paced moments, never silent, never past its deadline."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tasks.running.clock import Clock
from tasks.running.errors import TaskError, TimedOut
from tasks.running.log import SILENCE, Log

Value = TypeVar("Value")

Pace = Callable[[float], float]


@dataclass(frozen=True)
class Missing:
    """What a look found still missing, in words fit for a line."""

    words: str


def closely(elapsed: float) -> float:
    """Seconds to the next look at something that may happen at any moment: 1, then 2, then 5."""
    return 1.0 if elapsed < 5 else 2.0 if elapsed < 20 else 5.0


def around(expected: float) -> Pace:
    """Look seldom until *expected* seconds have passed, then closely.

    The rare looks before it (one a minute) are for what must not be missed meanwhile: others
    failing, or someone else changing the same load balancer.
    """

    def pace(elapsed: float) -> float:
        if elapsed < expected:
            return min(60.0, expected - elapsed + 0.2)
        return closely(elapsed - expected)

    return pace


@dataclass(frozen=True)
class Wait:
    """Waiting, with the clock it goes by and the log that tells of it: what a task is handed to work with."""

    clock: Clock
    log: Log

    def until_done(
        self,
        look: Callable[[], Value | Missing],
        *,
        pace: Pace,
        within: float,
        usually: float | None = None,
    ) -> Value:
        """Look until nothing is missing, and return what was waited for.

        Args:
            look: Returns that, or what is still missing; raises what cannot get better by waiting.
            pace: From the seconds elapsed, the seconds until the next look.
            within: The deadline, seconds from now.
            usually: The expected length, shown instead of the deadline where it is known.

        Raises:
            TimedOut: Something is missing after *within* seconds; its words are the last ones seen.
            TaskError: There was no answer up to the deadline; a passing failure is waited out.
        """
        start = self.clock.now()
        goal = f"{usually:.0f} s" if usually is not None else f"up to {within:.0f} s"
        while True:
            failure: TaskError | None = None
            try:
                seen = look()
            except TaskError as error:
                if not error.passing:
                    raise
                failure, seen = error, Missing(f"no word from AWS ({error.what})")
            if not isinstance(seen, Missing):
                return seen
            elapsed = self.clock.now() - start
            if elapsed >= within:
                if failure:
                    raise failure
                raise TimedOut(f"{seen.words} after {elapsed:.0f} s")
            self._rest(min(pace(elapsed), within - elapsed), start, seen.words, goal)

    def rest(self, seconds: float, words: str) -> None:
        """Sleep for *seconds*, saying so as it goes."""
        self._rest(seconds, self.clock.now(), words, f"{seconds:.0f} s")

    def since(self, start: float) -> float:
        """Return the seconds since *start*, a moment of the same clock."""
        return self.clock.now() - start

    def _rest(self, seconds: float, start: float, words: str, goal: str) -> None:
        end = self.clock.now() + seconds
        while (left := end - self.clock.now()) > 0:
            self.log.progress(words, f"{self.since(start):.0f} s of {goal}")
            self.clock.sleep(min(left, 1.0 if self.log.live else SILENCE))
