"""One deployment lock in this process: taken, renewed for as long as the process lives, and given up."""

import random
import threading
from uuid import uuid4

from tasks.aws.errors import Denied
from tasks.locking.deployment_lock import LASTS, RENEWAL, DeploymentLock, Holding, ServerSays
from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tasks.running.next_command import gocd_tasks
from tasks.running.waiting import Missing, Wait, around, closely

# Seconds to the next try of a renewal that failed.
RETRY = 5.0

# A swap that was overtaken is tried again so often; each time someone else was faster.
TRIES = 20


class Held:
    """A lock that this process wants, holds, or is let through by its own pipeline run.

    Args:
        what: The command that holds it, told to others.
        lasts: Seconds that it is held for without a renewal.
    """

    def __init__(self, lock: DeploymentLock, what: str, wait: Wait, lasts: float = LASTS) -> None:
        self.lock = lock
        self.holding: Holding | None = None
        self.lost = ""
        # Whether somebody else held it, or wanted it at the same moment.
        self.contended = False
        self._what = what
        self._wait = wait
        self._log = wait.log
        self._lasts = lasts
        self._token = uuid4().hex
        self._claiming = False
        self._confirmed = 0.0
        self._ended = threading.Event()
        self._turn = threading.Lock()

    @property
    def of_the_run(self) -> bool:
        """Whether the pipeline run holds it, or the person, and not this process."""
        return self.holding is not None and self.holding.token != self._token

    def acquire(self, lock_wait: float, server_says: ServerSays) -> None:
        """Take the lock, or wait for it.

        Args:
            lock_wait: Seconds. A holder that is over, but was heard of just now, is waited for in any case.

        Raises:
            Refused: Someone else holds it.
        """
        name, way = self.lock.name, Obstacle()

        def attempt() -> Missing | None:
            return self._attempt(way, server_says)

        try:
            self._wait.until_done(attempt, pace=closely, within=lock_wait)
        except TimedOut:
            try:
                if not way.certain_in:
                    raise
                within = way.certain_in + 1
                self._wait.until_done(attempt, pace=around(within), within=within)
            except TimedOut:
                raise way.refusal(name, lock_wait) from None
        except Denied as denied:
            raise Denied(f"{denied.what}, which the lock is kept with; --lock none does without") from None

    def _attempt(self, way: "Obstacle", server_says: ServerSays) -> Missing | None:
        for _ in range(TRIES):
            asked = self._wait.clock.now()
            look, there = self.lock.look()
            if there and self._is_ours(there):
                self._hold(there, asked)
                return None
            self.contended |= there is not None
            why, certain_in = there.over(self.lock.owner, server_says) if there else ("", 0.0)
            if there and (certain_in or not why):
                way.holding, way.certain_in = there, certain_in
                return Missing(f"{self.lock.name}: waiting for {there.holder}{why and f' ({why})'}")
            self._claiming = True
            if claimed := self.lock.claim(look, self._token, self._what, self._lasts):
                if there:
                    self._log.say(f"{self.lock.name}: taken over from {there.holder}: {why}")
                self._hold(claimed, asked)
                return None
            self._claiming, self.contended = False, True
            self._wait.clock.sleep(random.uniform(0, 0.5))  # noqa: S311 - so that two do not meet again
        return Missing(f"{self.lock.name}: others take it at the same moment")

    def _is_ours(self, there: Holding) -> bool:
        # Our own token: an answer was lost on its way, and the lock was ours already.
        through = there.owner.is_whole_run and there.owner.same_run(self.lock.owner)
        return there.token == self._token or (through and not there.expired)

    def _hold(self, holding: Holding, asked: float) -> None:
        self.holding, self._confirmed = holding, asked

    def check(self) -> None:
        """See that the lock is still there, before a change; asks AWS only where no renewal told it lately.

        Raises:
            TaskError: It was lost to somebody else.
        """
        if self._wait.clock.now() - self._confirmed > 2 * RENEWAL:
            self.renew()
        if self.lost:
            raise TaskError(self.lost)

    def renew(self) -> None:
        """Hold the lock for another while, or find out that it was lost."""
        with self._turn:
            for _ in range(TRIES):
                if self.lost or self.holding is None:
                    return
                asked = self._wait.clock.now()
                still = None if self.of_the_run else self._claim_again(self.holding)
                if still is None:
                    _, still = self.lock.look(at_least=self.holding.look.version)
                    if still is None or still.token != self.holding.token:
                        self.lost = f"{self.lock.name} is no longer locked for this run: " + (
                            f"it went to {still.words}" if still else "somebody released it"
                        )
                        return
                    self.holding = still
                    if not self.of_the_run:
                        continue
                self._hold(still, asked)
                return

    def extend(self) -> None:
        """Make what the pipeline run holds already last from now on.

        Raises:
            TaskError: It was lost at this moment.
        """
        if self.holding:
            self._token = self.holding.token
            self.renew()
            self.check()

    def _claim_again(self, holding: Holding) -> Holding | None:
        return self.lock.claim(holding.look, self._token, self._what, self._lasts, holding.since)

    def keep(self, every: float = RENEWAL) -> None:
        """Renew the lock in the background until it is released; failures are tried again, sooner."""
        if not self.of_the_run:
            name = f"renews {self.lock.name}"
            threading.Thread(target=self._keep, args=(every,), name=name, daemon=True).start()

    def _keep(self, every: float) -> None:
        pause = every
        while not self._ended.wait(pause) and not self.lost:
            try:
                self.renew()
                pause = every
            except Exception:  # noqa: BLE001 - without renewals somebody else would take it
                pause = min(every, RETRY)
        if self.lost:
            self._log.say(self.lost)

    def release(self) -> None:
        """Give the lock up if this process may have it; says what went wrong, and raises nothing of it."""
        self._ended.set()
        if self.of_the_run or self.lost or not (self.holding or self._claiming):
            return
        try:
            with self._turn:
                self._release()
        except Cancelled:
            # It will not be interrupted again (tasks.cli), and whoever comes next should not have to wait.
            self.release()
            raise
        except TaskError as error:
            self._log.say(
                f"{self.lock.name}: not released ({error.what}); it ends by itself in {LASTS:.0f} s"
            )

    def _release(self) -> None:
        look = self.holding.look if self.holding else None
        for _ in range(TRIES):
            if look and self.lock.free(look):
                break
            look, there = self.lock.look()
            if there is None or there.token != self._token:
                break
        self.holding, self._claiming = None, False


class Obstacle:
    """Who stood in the way at the last look, and the seconds until it is certain that they are over."""

    def __init__(self) -> None:
        self.holding: Holding | None = None
        self.certain_in = 0.0

    def refusal(self, name: str, waited: float) -> Refused:
        if self.holding is None:
            return Refused(f"{name} could not be locked, as others tried at the same moment", "Try again")
        after = f", after waiting for {waited:.0f} s" if waited else ""
        advice = f"Wait for it, or: {gocd_tasks('lock', 'status', name)}"
        if self.holding.owner.is_whole_run:
            release = gocd_tasks("lock", "release", name, "--force")
            advice = f"Wait for it, or release it: {release}. --lock none does without"
        return Refused(f"{name} is locked by {self.holding.words}{after}", advice)
