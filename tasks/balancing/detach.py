"""Out of the load balancers, and not done before no request can reach any of them."""

from collections.abc import Iterable

from tasks.aws.errors import AwsError
from tasks.aws.load_balancer import Place, State
from tasks.balancing.absences import Memory
from tasks.balancing.attach import register, wait_until_serving
from tasks.balancing.batch import Batch
from tasks.balancing.detach_plan import Departure, DetachPlan
from tasks.balancing.floor import Floor, FloorBroken
from tasks.balancing.idle_drain import DrainUntilIdle
from tasks.balancing.next_command import next_command
from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Missing, Wait, around, closely


def detach(
    plan: DetachPlan,
    floor: Floor,
    memory: Memory,
    wait: Wait,
    *,
    timeout: float | None = None,
    until_idle: DrainUntilIdle | None = None,
) -> None:
    """Carry out *plan*, and return once the load balancers say that all of its batch has drained.

    Already detached is success. Someone who detaches at the same moment is seen by a second look: then,
    and on a cancel, the batch is put back.

    Args:
        timeout: Seconds to wait for the drain; by default what each load balancer's settings allow for.
        until_idle: Ends a drain early, on evidence from the hosts.

    Raises:
        FloorBroken: Too few healthy instances would be left; it was put back.
        TimedOut: The load balancer still says that it drains.
    """
    log, batch, names = wait.log, plan.batch, plan.names
    if not plan.departures:
        for instance in batch:
            log.event("detached", instance=instance.name, already="yes")
        return
    again = next_command("detach-instance", batch, *plan.balancers)
    ordered = Ordered(plan)
    try:
        _remember(plan, memory, wait)
        for departure in plan.departures:
            ordered.order(departure, log)
        log.stands(f"{batch.with_verb('is', 'are')} leaving {names}", f"To wait for it, run again: {again}")
        seconds = _drained(plan, floor, memory, wait, timeout, until_idle)
    except FloorBroken:
        _put_back(plan, ordered, memory, wait, "someone else went first")
        raise
    except TaskError as error:
        if _certain(error):
            _put_back(plan, ordered, memory, wait, "not allowed to go on")
        raise
    except Cancelled:
        _put_back(plan, ordered, memory, wait, "cancelled; nothing was deployed yet")
        raise
    log.stands(f"{batch.with_verb('is', 'are')} out of {names}")
    log.say(f"{batch.names}: detached from {names} in {seconds:.0f} s, {log.calls()} AWS calls")
    for departure in plan.departures:
        for instance in batch:
            log.event("detached", instance=instance.name, load_balancer=departure.balancer.address)


class Ordered:
    """To whom the order to leave may have been given, by load balancer; a cancel may come at any moment."""

    def __init__(self, plan: DetachPlan) -> None:
        self._ids = {each.balancer.address: {one.id for one in each.leaving} for each in plan.departures}

    def of(self, departure: Departure) -> Batch:
        ids = self._ids[departure.balancer.address]
        return Batch(tuple(each for each in departure.batch if each.id in ids))

    def order(self, departure: Departure, log: Log) -> None:
        """Tell those that have still to be told to leave one load balancer."""
        balancer, leaving = departure.balancer, departure.to_order
        if not leaving:
            return
        back = next_command("attach-instance", leaving, balancer)
        log.stands(f"{leaving.names} may be leaving {balancer.name}", f"To put it back: {back}")
        ids = self._ids[balancer.address]
        before = set(ids)
        ids |= {instance.id for instance in leaving}
        try:
            balancer.deregister([Place(each, departure.members[each.id].ports) for each in leaving])
        except TaskError as error:
            if _certain(error):
                # An order that took several calls may have been followed by some.
                roster = balancer.roster(*leaving)
                gone = (each.id for each in leaving if roster.of(each).state in (State.LEAVING, State.OUT))
                self._ids[balancer.address] = before.union(gone)
            raise
        drain = balancer.settings().drain
        log.say(f"{leaving.names}: leaving {balancer.name}; in-flight requests have up to {drain:.0f} s")
        for each in leaving:
            log.event("leaving", instance=each.name, load_balancer=balancer.address, drain_seconds=drain)


def _remember(plan: DetachPlan, memory: Memory, wait: Wait) -> None:
    now = wait.clock.wall()
    memory.remember(
        {
            (instance.id, departure.balancer.address): memory.absence(departure.members[instance.id], now)
            for departure in plan.departures
            for instance in departure.batch
            if instance in departure.to_order or memory.of(instance, departure.balancer) is None
        }
    )


def _certain(error: TaskError) -> bool:
    """Whether what was asked for last has certainly not been done."""
    return isinstance(error, Refused) or (isinstance(error, AwsError) and error.refusal)


def _drained(
    plan: DetachPlan,
    floor: Floor,
    memory: Memory,
    wait: Wait,
    timeout: float | None,
    until_idle: DrainUntilIdle | None,
) -> float:
    """Return, after so many seconds, once everyone has drained."""
    pending = list(plan.departures)
    settings = [departure.balancer.settings() for departure in pending]
    left = max(_drain_left(departure, memory, wait) for departure in pending)
    pace = closely if all(each.tells_idle for each in settings) else around(left)
    start = wait.clock.now()
    if until_idle:
        until_idle.starts(start, ordered=start + left - max(each.drain for each in settings))
        pace = until_idle.pace(pace)

    def look() -> float | Missing:
        draining: list[Place] = []
        for departure in list(pending):
            roster = departure.balancer.roster(*departure.batch)
            if departure.guarded:
                floor.check(departure.balancer, roster, departure.guarded, departure.unhealthy)
            still = [each for each in departure.batch if roster.of(each).state is not State.OUT]
            draining += [Place(each, departure.members[each.id].ports) for each in still]
            if not still:
                pending.remove(departure)
        if until_idle and draining and until_idle.ended(draining, wait):
            pending.clear()
        return Missing(f"{plan.batch.names}: draining") if pending else wait.since(start)

    within = max(each.drained_within for each in settings) if timeout is None else timeout
    try:
        return wait.until_done(look, pace=pace, within=within, usually=left)
    except TimedOut:
        names = ", ".join(departure.balancer.name for departure in pending)
        drains = plan.batch.with_verb("still drains", "still drain")
        raise TimedOut(f"{drains} from {names} after {within:.0f} s") from None


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


def _put_back(plan: DetachPlan, ordered: Ordered, memory: Memory, wait: Wait, why: str) -> None:
    log, batch = wait.log, plan.batch
    left = [departure for departure in plan.departures if ordered.of(departure)]
    names = ", ".join(departure.balancer.name for departure in left)
    if left:
        back = next_command("attach-instance", batch, *(departure.balancer for departure in left))
        log.say(f"{batch.names}: {why}, putting {'it' if len(batch) == 1 else 'them'} back")
        log.stands(f"{batch.with_verb('is', 'are')} being put back into {names}", f"To see to it: {back}")
        for departure in left:
            register(
                _places_before(departure, ordered.of(departure), memory),
                departure.balancer,
                wait,
                at_once=False,
            )
        served = [departure for departure in left if departure.served]
        if served:
            back_in = _together(departure.served for departure in left)
            wait_until_serving(back_in, [departure.balancer for departure in served], memory, wait)
            log.say(f"{batch.names}: registered with {names} again, healthy")
        for instance in batch:
            log.event("put back", instance=instance.name, why=why)
    memory.forget(batch, [departure.balancer for departure in plan.departures])
    for departure in plan.departures:
        departure.balancer.restore_settings()
    if left:
        serves = "serves" if len(batch) == 1 else "serve"
        log.restored(f"{batch.with_verb('was', 'were')} put back and {serves} as before")
    else:
        log.restored("nothing was changed")


def _together(batches: Iterable[Batch]) -> Batch:
    return Batch(tuple({instance.id: instance for batch in batches for instance in batch}.values()))


def _places_before(departure: Departure, ordered: Batch, memory: Memory) -> list[Place]:
    places = []
    for instance in ordered:
        away = memory.of(instance, departure.balancer)
        places.append(Place(instance, away.ports if away else departure.members[instance.id].ports))
    return places
