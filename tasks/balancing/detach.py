"""Out of the load balancers, and not done before no request can reach any of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, Place, State
from tasks.balancing.absences import Memory
from tasks.balancing.attach import register, wait_until_serving
from tasks.balancing.batch import Batch
from tasks.balancing.floor import Floor, FloorBroken
from tasks.balancing.idle_drain import DrainUntilIdle
from tasks.balancing.next_command import next_command
from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait, near, soon


@dataclass
class Departure:
    """One load balancer that a batch leaves.

    Args:
        batch: Those that are in it.
        members: The same as first seen there, by instance id.
        guarded: Those whose leaving takes a healthy instance away, so that the floor counts.
        ordered: Ids of those to whom the order to leave may have been given.
    """

    balancer: LoadBalancer
    batch: Batch
    members: dict[str, Member]
    guarded: Batch
    ordered: set[str] = field(default_factory=set)

    @property
    def told(self) -> Batch:
        return Batch(tuple(each for each in self.batch if each.id in self.ordered))

    @property
    def untold(self) -> Batch:
        return Batch(tuple(each for each in self.batch if each.id not in self.ordered))


def leave(
    batch: Batch,
    balancers: Sequence[LoadBalancer],
    floor: Floor,
    memory: Memory,
    wait: Wait,
    log: Log,
    *,
    timeout: float | None = None,
    until_idle: DrainUntilIdle | None = None,
    dry_run: bool = False,
) -> None:
    """Detach *batch* and return once the load balancers say that all of it has drained.

    Already detached is success. Someone who detaches at the same moment is seen by a second look: then,
    and on a cancel, the batch is put back.

    Args:
        timeout: Seconds to wait for the drain; by default what each load balancer's settings allow for.
        until_idle: Ends a drain early, on evidence from the hosts.

    Raises:
        FloorBroken: Too few healthy instances would be left; nothing was changed, or it was put back.
        TimedOut: The load balancer still says that it drains.
    """
    departures = [each for balancer in balancers if (each := _plan(batch, balancer, floor, memory, log))]
    leaving = [departure.balancer for departure in departures]
    names = ", ".join(balancer.name for balancer in leaving)
    if not departures:
        for instance in batch:
            log.event("detached", instance=instance.name, already="yes")
        return
    if dry_run:
        drain = max(balancer.settings().drain for balancer in leaving)
        log.say(f"{batch.names}: would leave {names} and be given up to {drain:.0f} s to drain")
        return
    again = next_command("detach-instance", batch, *balancers)
    try:
        _remember(departures, memory, wait)
        for departure in departures:
            _order(departure, log)
        log.stands(f"{batch.does('is', 'are')} leaving {names}", f"To wait for it, run again: {again}")
        seconds = _drained(batch, departures, floor, memory, wait, timeout, until_idle)
    except FloorBroken:
        _put_back(batch, departures, memory, wait, log, "someone else went first")
        raise
    except TaskError as error:
        if _certain(error):
            _put_back(batch, departures, memory, wait, log, "not allowed to go on")
        raise
    except Cancelled:
        _put_back(batch, departures, memory, wait, log, "cancelled; nothing was deployed yet")
        raise
    log.stands(f"{batch.does('is', 'are')} out of {names}")
    log.say(f"{batch.names}: detached from {names} in {seconds:.0f} s, {log.calls()} AWS calls")
    for balancer in leaving:
        for instance in batch:
            log.event("detached", instance=instance.name, load_balancer=balancer.address)


def _plan(batch: Batch, balancer: LoadBalancer, floor: Floor, memory: Memory, log: Log) -> Departure | None:
    roster = balancer.roster(*batch)
    members = {instance.id: roster.of(instance) for instance in batch}

    def those(*states: State) -> list[Instance]:
        return [instance for instance in batch if members[instance.id].state in states]

    gone, resumed, serving = those(State.OUT), those(State.LEAVING), those(State.SERVING)
    if gone:
        log.say(f"{Batch(tuple(gone)).names}: already detached from {balancer.name}; nothing to do")
    if len(gone) == len(batch):
        return None
    served = [each for each in resumed if (away := memory.of(each, balancer)) is None or away.served]
    guarded = Batch((*serving, *served))
    if serving:
        log.say(floor.check(balancer, roster, guarded))
    if resumed:
        them = Batch(tuple(resumed)).names
        log.say(f"{them}: already leaving {balancer.name}; waiting for the rest of the drain")
    for each in those(State.JOINING, State.UNHEALTHY, State.STUCK):
        words = members[each.id].words
        log.say(f"{each.name}: {words} in {balancer.name}; taking it out costs nobody anything")
    here = Batch(tuple(each for each in batch if members[each.id].state is not State.OUT))
    return Departure(balancer, here, members, guarded, {each.id for each in resumed})


def _remember(departures: Sequence[Departure], memory: Memory, wait: Wait) -> None:
    now = wait.clock.wall()
    memory.remember(
        {
            (instance.id, departure.balancer.address): memory.absence(departure.members[instance.id], now)
            for departure in departures
            for instance in departure.batch
            if instance.id not in departure.ordered or memory.of(instance, departure.balancer) is None
        }
    )


def _order(departure: Departure, log: Log) -> None:
    balancer, leaving = departure.balancer, departure.untold
    if not leaving:
        return
    back = next_command("attach-instance", leaving, balancer)
    log.stands(f"{leaving.names} may be leaving {balancer.name}", f"To put it back: {back}")
    before = set(departure.ordered)
    departure.ordered |= {instance.id for instance in leaving}
    try:
        balancer.deregister([Place(each, departure.members[each.id].ports) for each in leaving])
    except TaskError as error:
        if _certain(error):
            # An order that took several calls may have been followed by some.
            roster = balancer.roster(*leaving)
            gone = (each.id for each in leaving if roster.of(each).state in (State.LEAVING, State.OUT))
            departure.ordered = before.union(gone)
        raise
    drain = balancer.settings().drain
    log.say(f"{leaving.names}: leaving {balancer.name}; in-flight requests have up to {drain:.0f} s")
    for each in leaving:
        log.event("leaving", instance=each.name, load_balancer=balancer.address, drain_seconds=drain)


def _certain(error: TaskError) -> bool:
    """Whether what was asked for last has certainly not been done."""
    return isinstance(error, Refused) or (isinstance(error, AwsError) and error.refusal)


def _drained(
    batch: Batch,
    departures: Sequence[Departure],
    floor: Floor,
    memory: Memory,
    wait: Wait,
    timeout: float | None,
    until_idle: DrainUntilIdle | None,
) -> float:
    pending = list(departures)
    settings = [departure.balancer.settings() for departure in departures]
    left = max(_drain_left(departure, memory, wait) for departure in departures)
    pace = soon if all(each.tells_idle for each in settings) else near(left)
    if until_idle:
        now = wait.clock.now()
        until_idle.starts(now, ordered=now + left - max(each.drain for each in settings))
        pace = until_idle.pace(pace)

    def look() -> str | None:
        draining: list[Place] = []
        for departure in list(pending):
            roster = departure.balancer.roster(*departure.batch)
            if len(departure.guarded):
                floor.check(departure.balancer, roster, departure.guarded)
            still = [each for each in departure.batch if roster.of(each).state is not State.OUT]
            draining += [Place(each, departure.members[each.id].ports) for each in still]
            if not still:
                pending.remove(departure)
        if until_idle and draining and until_idle.ended(draining, wait):
            pending.clear()
        return f"{batch.names}: draining" if pending else None

    within = max(each.drained_within for each in settings) if timeout is None else timeout
    try:
        return wait.until_done(look, pace=pace, within=within, usually=left)
    except TimedOut:
        names = ", ".join(departure.balancer.name for departure in pending)
        raise TimedOut(
            f"{batch.does('still drains', 'still drain')} from {names} after {within:.0f} s"
        ) from None


def _drain_left(departure: Departure, memory: Memory, wait: Wait) -> float:
    """Seconds of the drain that are still to come; an interrupted run may have begun it."""
    drain = departure.balancer.settings().drain
    left = [0.0]
    for instance in departure.batch:
        away = memory.of(instance, departure.balancer)
        if departure.members[instance.id].state is not State.LEAVING or away is None:
            return drain
        left.append(drain - max(0.0, (wait.clock.wall() - away.since).total_seconds()))
    return max(left)


def _put_back(
    batch: Batch, departures: Sequence[Departure], memory: Memory, wait: Wait, log: Log, why: str
) -> None:
    ordered = [departure for departure in departures if departure.ordered]
    names = ", ".join(departure.balancer.name for departure in ordered)
    if ordered:
        back = next_command("attach-instance", batch, *(departure.balancer for departure in ordered))
        log.say(f"{batch.names}: {why}, putting {'it' if len(batch) == 1 else 'them'} back")
        log.stands(f"{batch.does('is', 'are')} being put back into {names}", f"To see to it: {back}")
        for departure in ordered:
            register(_places_before(departure, memory), departure.balancer, wait, at_once=False)
        served = [departure.balancer for departure in ordered if len(departure.guarded)]
        if served:
            back_in = Batch(tuple({each.id: each for d in ordered for each in d.guarded}.values()))
            wait_until_serving(back_in, served, wait)
            log.say(f"{batch.names}: registered with {names} again, healthy")
        for instance in batch:
            log.event("put back", instance=instance.name, why=why)
    memory.forget(batch, [departure.balancer for departure in departures])
    for departure in departures:
        departure.balancer.restore_settings()
    if ordered:
        log.restored(
            f"{batch.does('was', 'were')} put back and {'serves' if len(batch) == 1 else 'serve'} as before"
        )
    else:
        log.restored("nothing was changed")


def _places_before(departure: Departure, memory: Memory) -> list[Place]:
    places = []
    for instance in departure.told:
        away = memory.of(instance, departure.balancer)
        places.append(Place(instance, away.ports if away else departure.members[instance.id].ports))
    return places
