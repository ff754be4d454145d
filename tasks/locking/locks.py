"""The deployment lock: one for each load balancer, shared by all pipelines, in SSM Parameter Store.

A command holds it for 120 s and renews it every 30 s for as long as its process lives; a pipeline run, or a
person, may hold it for hours without a process. How two writers never both win is told in
``tasks/aws/parameter.py``. A lock changes hands, always with a line that says so:

- when it was not renewed in time, by AWS's clock;
- when its process is gone, which only the same machine can tell;
- when GoCD has moved on, or its server says that the stage is over, and nothing was heard of the holder for
  longer than a renewal takes: GoCD gives up a cancelled or lost agent before that has come to its end.

A holder that lost its lock learns it at the next renewal, and before its next change (``check``).
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gocd.server import GoCDServer
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.locking.deployment_lock import DeploymentLock, ServerSays, by_server
from tasks.locking.held import Held
from tasks.locking.owner import Owner
from tasks.running.clock import Clock
from tasks.running.waiting import Wait


class Locks:
    """The locks that a command holds.

    Args:
        take: Takes the lock of a name, within so many seconds.
        patience: Seconds to wait for all of them together.
        grows: Whether whatever else the command turns out to change is locked as well.
    """

    def __init__(
        self, take: Callable[[str, float], Held], clock: Clock, patience: float, grows: bool
    ) -> None:
        self.held: list[Held] = []
        self._take = take
        self._clock = clock
        self._patience = patience
        self._grows = grows

    @property
    def contended(self) -> bool:
        """Whether somebody else held one just before: what was read until then may no longer be so."""
        return any(each.contended for each in self.held)

    def take(self, names: Iterable[str]) -> None:
        """Hold these as well.

        Raises:
            Refused: Somebody else holds one.
        """
        for name in names:
            asked = self._clock.now()
            self.held.append(self._take(name, max(0.0, self._patience)))
            self._patience -= self._clock.now() - asked

    def check(self) -> None:
        """See that all are still there, before a change.

        Raises:
            TaskError: One was lost to somebody else.
        """
        for each in self.held:
            each.check()

    def cover(self, names: Iterable[str]) -> bool:
        """Hold these as well, and return whether any was not held before: then what was read may be old.

        Raises:
            Refused: Somebody else holds one.
            TaskError: One was lost to somebody else.
        """
        self.check()
        if not self._grows:
            return False
        new = sorted(set(names) - {each.lock.name for each in self.held})
        self.take(new)
        return bool(new)


@dataclass(frozen=True)
class Locking:
    """How a command locks what it is about to change.

    Args:
        choice: ``auto`` locks each thing, ``none`` nothing; any other name is the one lock to take.
        lock_wait: Seconds to wait for all locks together.
        what: The command, told to others.
    """

    choice: str
    lock_wait: float
    what: str
    aws: Aws
    wait: Wait

    @contextmanager
    def held(self, names: Iterable[str]) -> Iterator[Locks]:
        """Hold the locks of *names* for the length of a ``with``, and release them however it ends.

        Raises:
            Refused: Somebody else holds one.
        """
        owner, says = _here()
        clock, log = self.wait.clock, self.wait.log
        with ExitStack() as releasing:

            def take(name: str, within: float) -> Held:
                held = Held(DeploymentLock(name, self.aws, owner, clock), self.what, self.wait)
                releasing.callback(held.release)
                held.acquire(within, says)
                if held.of_the_run:
                    log.say(f"{name}: held by this pipeline run")
                held.keep()
                return held

            locks = Locks(take, clock, self.lock_wait, grows=self.choice == "auto")
            locks.take(self._wanted(names))
            yield locks

    def tell(self, names: Iterable[str]) -> None:
        """Say whom a run would have to wait for."""
        owner, says = _here()
        for name in self._wanted(names):
            lock = DeploymentLock(name, self.aws, owner, self.wait.clock)
            try:
                _, there = lock.look()
            except AwsError as error:
                self.wait.log.say(f"{name}: whether it is locked cannot be told ({error.what})")
                continue
            through = there and there.owner.is_whole_run and there.owner.same_run(owner)
            if there and not through and not there.over(owner, says)[0]:
                self.wait.log.say(f"{name} is locked by {there.words}; a run would have to wait for it")

    def _wanted(self, names: Iterable[str]) -> list[str]:
        return {"auto": sorted(set(names)), "none": []}.get(self.choice, [self.choice])


def _here() -> tuple[Owner, ServerSays]:
    owner, server = Owner.here(), GoCDServer.from_environment(os.environ)
    return owner, by_server(server.stage_is_over if server else None, owner)
