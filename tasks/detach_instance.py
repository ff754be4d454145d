"""Take an instance out of its load balancers and wait until no request can reach it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from tasks import options
from tasks.aws.errors import Denied
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, State
from tasks.clock import SystemClock
from tasks.console import Color
from tasks.deployment_lock import locked
from tasks.errors import Cancelled, TimedOut
from tasks.floor import Floor, FloorBroken, parse_floor
from tasks.joining import register, wait_until_serving
from tasks.log import Log
from tasks.lookup import connect, look_up
from tasks.memory import Memory
from tasks.neighbours import AwsNeighbours
from tasks.next_command import next_command
from tasks.options import option
from tasks.running import running
from tasks.waiting import Wait, near, soon


@dataclass
class Departure:
    """One load balancer that the instance leaves.

    Args:
        member: The instance there, as first seen.
        guarded: Whether leaving takes a healthy instance away, so that the floor counts.
        ordered: Whether the order to leave may have been given.
    """

    balancer: LoadBalancer
    member: Member
    guarded: bool
    ordered: bool


def detach_instance(
    instance: Instance,
    balancers: Sequence[LoadBalancer],
    floor: Floor,
    memory: Memory,
    wait: Wait,
    log: Log,
    *,
    timeout: float | None = None,
    dry_run: bool = False,
) -> None:
    """Detach *instance* and return once the load balancers say that it has drained.

    Already detached is success. Someone who detaches at the same moment is seen by a second look: then,
    and on a cancel, the instance is put back.

    Args:
        timeout: Seconds to wait for the drain; by default what each load balancer's settings allow for.

    Raises:
        FloorBroken: Too few healthy instances would be left; nothing was changed, or it was put back.
        TimedOut: The load balancer still says that it drains.
    """
    departures = [
        departure for balancer in balancers if (departure := _plan(instance, balancer, floor, memory, log))
    ]
    leaving = [departure.balancer for departure in departures]
    names = ", ".join(balancer.name for balancer in leaving)
    if not departures:
        log.event("detached", instance=instance.name, already="yes")
        return
    if dry_run:
        drain = max(balancer.settings().drain for balancer in leaving)
        log.say(f"{instance.name}: would leave {names} and be given up to {drain:.0f} s to drain")
        return
    again = next_command("detach-instance", instance.name, *balancers)
    try:
        for departure in departures:
            _order(departure, instance, memory, wait, log)
        log.stands(f"{instance.name} is leaving {names}", f"To wait for it, run again: {again}")
        seconds = _drained(instance, departures, floor, memory, wait, timeout)
    except FloorBroken:
        _put_back(instance, departures, memory, wait, log, "someone else went first")
        raise
    except Denied:
        _put_back(instance, departures, memory, wait, log, "not allowed to go on")
        raise
    except Cancelled:
        _put_back(instance, departures, memory, wait, log, "cancelled; nothing was deployed yet")
        raise
    log.stands(f"{instance.name} is out of {names}")
    log.say(f"{instance.name}: detached from {names} in {seconds:.0f} s, {log.calls()} AWS calls")
    for balancer in leaving:
        log.event("detached", instance=instance.name, load_balancer=balancer.address)


def _plan(
    instance: Instance, balancer: LoadBalancer, floor: Floor, memory: Memory, log: Log
) -> Departure | None:
    roster = balancer.roster(instance)
    member = roster.of(instance)
    if member.state is State.OUT:
        log.say(f"{instance.name}: already detached from {balancer.name}; nothing to do")
        return None
    resumed = member.state is State.LEAVING
    absence = memory.of(balancer)
    guarded = member.state is State.SERVING or (resumed and (absence is None or absence.served))
    if guarded and not resumed:
        log.say(floor.check(balancer, roster, instance))
    elif resumed:
        log.say(f"{instance.name}: already leaving {balancer.name}; waiting for the rest of its drain")
    else:
        log.say(f"{instance.name}: {member.words} in {balancer.name}; taking it out costs nobody anything")
    return Departure(balancer, member, guarded, ordered=resumed)


def _order(departure: Departure, instance: Instance, memory: Memory, wait: Wait, log: Log) -> None:
    balancer, member = departure.balancer, departure.member
    if memory.of(balancer) is None or not departure.ordered:
        memory.remember(balancer, member, wait.clock.wall())
    if departure.ordered:
        return
    back = next_command("attach-instance", instance.name, balancer)
    log.stands(f"{instance.name} may be leaving {balancer.name}", f"To put it back: {back}")
    departure.ordered = True
    try:
        balancer.deregister(instance, member.ports)
    except Denied:
        departure.ordered = False
        raise
    drain = balancer.settings().drain
    log.say(f"{instance.name}: leaving {balancer.name}; in-flight requests have up to {drain:.0f} s")
    log.event("leaving", instance=instance.name, load_balancer=balancer.address, drain_seconds=drain)


def _drained(
    instance: Instance,
    departures: Sequence[Departure],
    floor: Floor,
    memory: Memory,
    wait: Wait,
    timeout: float | None,
) -> float:
    pending = list(departures)
    settings = [departure.balancer.settings() for departure in departures]
    left = max(_drain_left(departure, memory, wait) for departure in departures)
    pace = soon if all(each.tells_idle for each in settings) else near(left)

    def look() -> str | None:
        for departure in list(pending):
            roster = departure.balancer.roster(instance)
            if departure.guarded:
                floor.check(departure.balancer, roster, instance)
            if roster.of(instance).state is State.OUT:
                pending.remove(departure)
        return f"{instance.name}: draining" if pending else None

    within = max(each.drained_within for each in settings) if timeout is None else timeout
    try:
        return wait.until_done(look, pace=pace, within=within, usually=left)
    except TimedOut:
        names = ", ".join(departure.balancer.name for departure in pending)
        raise TimedOut(f"{instance.name} still drains from {names} after {within:.0f} s") from None


def _drain_left(departure: Departure, memory: Memory, wait: Wait) -> float:
    """Seconds of the drain that are still to come; an interrupted run may have begun it."""
    drain = departure.balancer.settings().drain
    absence = memory.of(departure.balancer)
    if departure.member.state is not State.LEAVING or absence is None:
        return drain
    age = (wait.clock.wall() - absence.since).total_seconds()
    return max(0.0, drain - max(0.0, age))


def _put_back(
    instance: Instance, departures: Sequence[Departure], memory: Memory, wait: Wait, log: Log, why: str
) -> None:
    ordered = [departure for departure in departures if departure.ordered]
    names = ", ".join(departure.balancer.name for departure in ordered)
    back = next_command("attach-instance", instance.name, *(d.balancer for d in ordered))
    if ordered:
        log.say(f"{instance.name}: {why}, putting it back")
        log.stands(f"{instance.name} is being put back into {names}", f"To see to it: {back}")
        for departure in ordered:
            absence = memory.of(departure.balancer)
            ports = absence.ports if absence else departure.member.ports
            register(instance, departure.balancer, ports, wait)
        served = [departure.balancer for departure in ordered if departure.guarded]
        if served:
            wait_until_serving(instance, served, wait)
            log.say(f"{instance.name}: registered with {names} again, healthy")
        log.event("put back", instance=instance.name, why=why)
    for departure in departures:
        memory.forget(departure.balancer)
    if ordered:
        log.restored(f"{instance.name} was put back and serves as before")
    else:
        log.restored("nothing was changed")


def command(
    instance: options.Instance,
    load_balancer: options.LoadBalancers,
    min_healthy: Annotated[
        str,
        option(
            "--min-healthy", "Refuse if fewer healthy instances would be left: a count, or a share as 50%."
        ),
    ] = "1",
    timeout: options.Timeout = None,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Take an instance out of its load balancers and wait until it has drained.

    Example: gocd-tasks detach-instance Staging-1 --load-balancer staging
    """
    with running("detach-instance", events, color) as log:
        aws = connect(log)
        floor = parse_floor(min_healthy, AwsNeighbours(aws))
        found, balancers, memory = look_up(aws, instance, load_balancer, log)
        wait = Wait(SystemClock(), log)
        names = [balancer.address for balancer in balancers]
        with locked(names, lock, lock_wait, "detach-instance", aws, wait, log, dry_run=dry_run) as locks:
            if locks.contended:
                found, balancers, memory = look_up(aws, instance, names, log)
            locks.check()
            detach_instance(found, balancers, floor, memory, wait, log, timeout=timeout, dry_run=dry_run)
