"""Take, look at and give up a deployment lock by hand, or for a whole pipeline run."""

import os
import shlex
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from gocd.server import GoCDServer
from tasks import options
from tasks.frame import running
from tasks.locking.deployment_lock import DeploymentLock, all_locks, by_server
from tasks.locking.held import Held
from tasks.locking.mistaken import held_of, nearest, refuse_mistaken, told
from tasks.locking.owner import Owner
from tasks.locking.told import told_of
from tasks.options import argument, option
from tasks.running.console import Color
from tasks.running.errors import Refused
from tasks.running.log import Log
from tasks.running.next_command import gocd_tasks
from tasks.running.numbers import WEEK, seconds

app = typer.Typer(help="The deployment lock that all pipelines share.", rich_markup_mode=None)

Name = Annotated[str, argument("NAME", "The lock, such as target-group:staging or one of your own.")]


def acquire(held: Held, lock_wait: float, server: GoCDServer | None, log: Log) -> None:
    """Hold a lock for the whole pipeline run; held by it already, for as long again.

    Raises:
        Refused: Someone else holds it.
    """
    lock = held.lock
    try:
        held.acquire(lock_wait, by_server(server.stage_is_over if server else None, lock.owner))
    except BaseException:
        # Cancelled, or an answer lost on its way: it may be ours, and nobody would know to release it.
        held.release()
        raise
    already = held.of_the_run
    if already:
        held.extend()
    if held.holding is None:
        raise AssertionError("acquire returns with the lock, or raises")
    until = f"until {held.holding.until:%Y-%m-%d %H:%M:%S} UTC at most"
    log.say(f"{lock.name}: {'already ' if already else ''}locked by {held.holding.owner.words}, {until}")
    log.event("locked", lock=lock.name, already="yes" if already else "no")


def release(
    lock: DeploymentLock, others: Callable[[], Sequence[DeploymentLock]], log: Log, *, force: bool
) -> None:
    """Give a lock up; a free one is success.

    Args:
        others: All locks that there are.

    Raises:
        Refused: It is somebody else's, and *force* was not asked for; or nobody ever took it, while another
            one is locked that may be meant.
    """
    while True:
        look, there = lock.look()
        if there is None:
            if look.never:
                refuse_mistaken(lock.name, others())
            log.say(f"{lock.name}: is free; nothing to do")
            return
        own = there.owner.is_whole_run and there.owner.same_run(lock.owner)
        gone = there.expired or there.owner.process_is_gone(lock.owner)
        if not (own or gone or force):
            again = gocd_tasks("lock", "release", lock.name, "--force")
            raise Refused(
                f"{lock.name} is locked by {there.words}", f"If that cannot be at work any more: {again}"
            )
        if lock.free(look):
            log.say(f"{lock.name}: released" + ("" if own else f"; it was held by {there.words}"))
            log.event("released", lock=lock.name)
            return


def status(locks: Sequence[DeploymentLock], others: Callable[[], Sequence[DeploymentLock]], log: Log) -> None:
    """Say of each lock who holds it, since when and until when; of one that never was, what is locked."""
    for lock in locks:
        look, there = lock.look()
        if look.never and (held := held_of(others())):
            near = nearest(lock.name, held)
            meant = f". Did you mean {near}?" if near else ""
            log.say(f"{lock.name}: free, as nobody ever took it; {told(held)}{meant}")
        else:
            log.say(f"{lock.name}: {told_of(lock.name, there, lock.owner) if there else 'free'}")
    if not locks:
        log.say("no lock was ever taken here")


@app.command("acquire")
def acquire_command(
    name: Name,
    seconds: Annotated[
        float, option("--for", "Seconds after which it is free again in any case.", seconds(1, WEEK))
    ] = 14400,
    lock_wait: options.LockWait = 0,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Hold a lock for a whole pipeline run, or by hand, until it is released.

    Commands of the same pipeline run pass; all others are refused or wait.

    Example: gocd-tasks lock acquire target-group:staging --for 7200
    """
    with running("lock", events, color) as task:
        lock = DeploymentLock(name, task.aws, Owner.here().whole_run(), task.wait.clock)
        held = Held(lock, "lock acquire", task.wait, seconds)
        if ":" not in name:
            task.log.say(f"{name} is nobody's address: only commands with --lock {shlex.quote(name)} heed it")
        acquire(held, lock_wait, GoCDServer.from_environment(os.environ), task.log)


@app.command("status")
def status_command(
    name: Annotated[str | None, argument("NAME", "One lock; all of them if not given.")] = None,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Say who holds a lock, or every lock, since when and until when.

    Example: gocd-tasks lock status target-group:staging
    """
    with running("lock", events, color) as task:
        aws, clock, owner = task.aws, task.wait.clock, Owner.here()
        locks = [DeploymentLock(name, aws, owner, clock)] if name else all_locks(aws, owner, clock)
        status(locks, lambda: all_locks(aws, owner, clock), task.log)


@app.command("release")
def release_command(
    name: Name,
    force: Annotated[bool, option("--force", "Release it even if somebody else holds it.")] = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Give up the lock of this pipeline run, or of this person; somebody else's only with --force.

    Example: gocd-tasks lock release target-group:staging
    """
    with running("lock", events, color) as task:
        owner, clock = Owner.here(), task.wait.clock
        lock = DeploymentLock(name, task.aws, owner, clock)
        release(lock, lambda: all_locks(task.aws, owner, clock), task.log, force=force)
