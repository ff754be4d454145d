"""The only polling loop: looks at paced moments, never silent, never past its deadline."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks.aws.errors import AwsError
from tasks.running.clock import Clock
from tasks.running.errors import TimedOut
from tasks.running.log import SILENCE, Log

Pace = Callable[[float], float]


def soon(elapsed: float) -> float:
    """Seconds to the next look at something that may happen at any moment: 1, then 2, then 5."""
    return 1.0 if elapsed < 5 else 2.0 if elapsed < 20 else 5.0


def near(expected: float) -> Pace:
    """Look seldom until *expected* seconds have passed, then closely.

    The rare looks before it (one a minute) are for what must not be missed meanwhile: others
    failing, or someone else changing the same load balancer.
    """

    def pace(elapsed: float) -> float:
        if elapsed < expected:
            return min(60.0, expected - elapsed + 0.2)
        return soon(elapsed - expected)

    return pace


@dataclass(frozen=True)
class Wait:
    clock: Clock
    log: Log

    def until_done(
        self,
        look: Callable[[], str | None],
        *,
        pace: Pace,
        within: float,
        since: float | None = None,
        usually: float | None = None,
    ) -> float:
        """Look until there is nothing left to wait for, and return the seconds it took.

        Args:
            look: Returns None when done, else what is still missing, in words fit for a line;
                raises what cannot get better by waiting.
            pace: From the seconds elapsed, the seconds until the next look.
            within: The deadline, seconds from the start.
            since: When the start was, on the clock; now if not given.
            usually: The expected length, shown instead of the deadline where it is known.

        Raises:
            TimedOut: Still not done after *within* seconds; its words are the last ones seen.
            AwsError: AWS did not answer up to the deadline; a passing failure is waited out.
        """
        start = self.clock.now() if since is None else since
        goal = f"{usually:.0f} s" if usually is not None else f"up to {within:.0f} s"
        while True:
            failure: AwsError | None = None
            try:
                missing = look()
            except AwsError as error:
                if not error.passing:
                    raise
                failure, missing = error, f"no word from AWS ({error.what})"
            elapsed = self.clock.now() - start
            if missing is None:
                return elapsed
            if elapsed >= within:
                if failure:
                    raise failure
                raise TimedOut(f"{missing} after {elapsed:.0f} s")
            self._rest(min(pace(elapsed), within - elapsed), start, missing, goal)

    def rest(self, seconds: float, words: str) -> None:
        """Sleep for *seconds*, saying so as it goes."""
        self._rest(seconds, self.clock.now(), words, f"{seconds:.0f} s")

    def _rest(self, seconds: float, start: float, words: str, goal: str) -> None:
        end = self.clock.now() + seconds
        while (left := end - self.clock.now()) > 0:
            self.log.progress(words, f"{self.clock.now() - start:.0f} s of {goal}")
            self.clock.sleep(min(left, 1.0 if self.log.live else SILENCE))
