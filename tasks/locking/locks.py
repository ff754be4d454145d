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

from gocd.server import GoCDServer
from tasks.aws.connect import Aws
from tasks.aws.errors import AwsError
from tasks.locking.deployment_lock import DeploymentLock, ServerSays, by_server
from tasks.locking.held import Held
from tasks.locking.owner import Owner
from tasks.running.log import Log
from tasks.running.waiting import Wait


class Locks:
    """The locks that a command holds.

    Args:
        take: Takes the lock of a name; None if the command's locks do not depend on what it changes.
    """

    def __init__(self, take: Callable[[str], Held] | None = None) -> None:
        self.held: list[Held] = []
        self._take = take

    @property
    def contended(self) -> bool:
        """Whether somebody else held one just before: what was read until then may no longer be so."""
        return any(each.contended for each in self.held)

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
        if self._take is None:
            return False
        new = sorted(set(names) - {each.lock.name for each in self.held})
        self.held += map(self._take, new)
        return bool(new)


@contextmanager
def locked(
    names: Iterable[str],
    choice: str,
    lock_wait: float,
    what: str,
    aws: Aws,
    wait: Wait,
    log: Log,
    *,
    dry_run: bool = False,
) -> Iterator[Locks]:
    """Hold the deployment locks for the length of a ``with``, and release them however it ends.

    Args:
        names: What the command is about to change.
        choice: ``auto`` locks each of *names*, ``none`` nothing; any other name is the one lock to take.
        lock_wait: Seconds to wait for all of them.
        what: The command, told to others.
        dry_run: Only say who holds them.

    Raises:
        Refused: Somebody else holds one.
    """
    owner, server = Owner.here(), GoCDServer.from_environment(os.environ)
    says = by_server(server.stage_is_over if server else None, owner)
    wanted = {"auto": sorted(set(names)), "none": []}.get(choice, [choice])
    if dry_run:
        _tell([DeploymentLock(name, aws, owner, wait.clock) for name in wanted], says, log)
        yield Locks()
        return
    waited = 0.0
    with ExitStack() as releasing:

        def take(name: str) -> Held:
            nonlocal waited
            asked = wait.clock.now()
            held = Held(DeploymentLock(name, aws, owner, wait.clock), what, wait, log)
            releasing.callback(held.release)
            held.acquire(max(0.0, lock_wait - waited), says)
            waited += wait.clock.now() - asked
            if held.of_the_run:
                log.say(f"{name}: held by this pipeline run")
            held.keep()
            return held

        locks = Locks(take if choice == "auto" else None)
        locks.held += [take(name) for name in wanted]
        yield locks


def _tell(locks: Iterable[DeploymentLock], server_says: ServerSays, log: Log) -> None:
    for lock in locks:
        try:
            _, there = lock.look()
        except AwsError as error:
            log.say(f"{lock.name}: whether it is locked cannot be told ({error.what})")
            continue
        through = there and there.owner.is_whole_run and there.owner.same_run(lock.owner)
        if there and not through and not there.over(lock.owner, server_says)[0]:
            log.say(f"{lock.name} is locked by {there.words}; a run would have to wait for it")
