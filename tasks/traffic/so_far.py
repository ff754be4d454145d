"""How users fare with what has just come back to them, asked of the traffic that is under way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.balancing.batch import Batch
from tasks.running.clock import Clock
from tasks.running.errors import Refused, TaskError, TimedOut
from tasks.running.waiting import Missing, Wait, closely
from tasks.traffic.folder import usual_folder

# Requests that every server of a batch gets on average until there is evidence.
EACH = 10

# Seconds after which no more of them are waited for.
AT_MOST = 60.0


@dataclass(frozen=True)
class Fare:
    """What has become of all requests until a moment.

    Args:
        failed: What has failed already, the first of it in words; empty if nothing has.
    """

    sent: int
    lost: int
    failed: str = ""


# Tells of this moment; None where no traffic is under way.
Ask = Callable[[], Fare | None]


class UsersHurt(TaskError):
    """Users are not served as they should be.

    Args:
        before: How they had fared before the batch came back.
        now: How they fare now.
        trouble: What has gone wrong since.
    """

    def __init__(self, batch: Batch, before: Fare, now: Fare, trouble: TaskError | None = None) -> None:
        came = f"{batch.names} came back"
        when = "before" if before.failed else "after"
        lost, sent = now.lost - before.lost, now.sent - before.sent
        super().__init__(
            f"the traffic failed {when} {came} ({now.failed}): users lost {lost:,} of {sent:,} requests "
            f"since then, {now.lost:,} of {now.sent:,} in all{f'; {trouble.what}' if trouble else ''}",
            trouble.advice if trouble else None,
        )
        self.batch = batch
        self.before = before
        self.now = now

    @property
    def since(self) -> bool:
        """Whether it was not so before the batch came back, or has become worse."""
        return not self.before.failed or self.now.lost > self.before.lost


@dataclass(frozen=True)
class Users:
    """Those whom the traffic under way stands for.

    Args:
        ask: Asks how they fare.
        seconds: For how long a batch serves at least until they are believed.
    """

    ask: Ask
    seconds: float

    def see(self, batch: Batch, among: int, before: Fare | None, wait: Wait) -> None:
        """Return once there is evidence that *batch*, which has come back, serves users well.

        That is so many requests since then that everyone of it has had some; without traffic, nobody waits.

        Args:
            among: How many servers share the requests.
            before: How users fared before it came back.

        Raises:
            UsersHurt: It does not, or nothing was heard of them.
        """
        start, first = wait.clock.now(), self.ask()
        if first is None:
            return
        before, took = before or first, wait.since(start)
        enough = first.sent + EACH * math.ceil(among / len(batch))

        def look() -> Fare | Missing | None:
            now = self.ask()
            if now is None or now.failed or (now.sent >= enough and wait.since(start) >= self.seconds):
                return now
            return Missing(f"{batch.names}: serving the traffic that is under way")

        def pace(elapsed: float) -> float:
            # To read a record of hours takes seconds of the agent that sends the traffic as well.
            return max(closely(elapsed), 4 * took)

        try:
            now = wait.until_done(look, pace=pace, within=max(AT_MOST, self.seconds))
        except TimedOut:
            now = self.ask()
            if now and now.sent == first.sent and not now.failed:
                now = replace(now, failed=f"no request was recorded for {wait.since(start):.0f} s")
        if now is None:
            wait.log.say(f"{batch.names}: the traffic was finished meanwhile, so nobody tells how users fare")
            return
        if now.failed:
            raise UsersHurt(batch, before, now)
        lost, sent = now.lost - before.lost, now.sent - before.sent
        since = f"since {'it' if len(batch) == 1 else 'they'} came back"
        wait.log.say(f"{batch.names}: the traffic passes so far, {lost:,} of {sent:,} requests lost {since}")

    def again(self, hurt: UsersHurt, trouble: TaskError | None) -> UsersHurt:
        """Return the same with the counts of now, and what has gone wrong since."""
        now = self.ask() or hurt.now
        return UsersHurt(hurt.batch, hurt.before, replace(now, failed=now.failed or hurt.now.failed), trouble)

    def refuse_if_hurt(self) -> None:
        """See that users are well before anything is done.

        Raises:
            Refused: The traffic that is under way has failed already.
        """
        if (now := self.ask()) and now.failed:
            raise Refused(f"the traffic under way has failed already ({now.failed})", "Find out why first")


# Nobody whom anything stands for.
NOBODY = Users(lambda: None, 0)


def ask_traffic(out: Path | None, clock: Clock) -> Ask:
    """Return what asks the traffic that is recorded into the folder *out*, by default verify-traffic's."""
    folder = out or usual_folder()

    def ask() -> Fare | None:
        # Reading and judging samples takes modules that a task without traffic has no use for.
        if not folder.is_dir():
            return None
        from tasks.traffic.under_way import under_way  # noqa: PLC0415

        found = under_way(folder)
        if found is None:
            return None
        verdict = found.verdict_so_far(clock.wall().timestamp())
        measured = verdict.measurement
        failed = verdict.failed[0].subject if verdict.failed else ""
        return Fare(measured.sent, measured.lost, failed) if measured else Fare(0, 0, failed)

    return ask
