"""Out of the load balancers, and not done before no request can reach any of them."""

from collections.abc import Iterable, Sequence

from tasks.aws.errors import AwsError
from tasks.aws.load_balancer import LoadBalancer, Place, State
from tasks.balancing.absences import Memory
from tasks.balancing.attach import wait_until_serving
from tasks.balancing.batch import NAMED, Batch
from tasks.balancing.detach_plan import Departure, DetachPlan
from tasks.balancing.drain import Drain
from tasks.balancing.ending import Ending
from tasks.balancing.floor import Floor, FloorBroken
from tasks.balancing.next_command import next_command
from tasks.balancing.registering import register
from tasks.balancing.unanswered import NotFollowed, look_up
from tasks.running.errors import Cancelled, Refused, TaskError
from tasks.running.quoting import listed
from tasks.running.waiting import Wait


def detach(
    plan: DetachPlan,
    floor: Floor,
    memory: Memory,
    wait: Wait,
    *,
    timeout: float | None = None,
    back_if_cancelled: bool = True,
) -> None:
    """Carry out *plan*, and return once nothing leads to its batch any more.

    Already detached is success. Someone who detaches at the same moment is seen by a second look: then,
    and on a cancel, the batch is put back.

    Args:
        timeout: Seconds to wait for the drain; by default what each load balancer's settings allow for.
        back_if_cancelled: Whether the batch serves users well, so that a cancel puts it back.

    Raises:
        FloorBroken: Too few healthy instances would be left; it was put back.
        TimedOut: A load balancer still says that it drains, or something may still lead there.
    """
    log, batch, names = wait.log, plan.batch, plan.names
    if not plan.departures:
        for instance in batch:
            log.event("detached", instance=instance.name, already="yes")
        return
    again = next_command("detach-instance", batch, *plan.balancers)
    ordered = Ordered(plan)
    to_be_sure = next_command("attach-instance", batch, *plan.balancers)
    try:
        log.stands(
            f"a tag may say that {batch.with_verb('is', 'are')} out of {names}, and no order was given",
            f"To put the tag right: {to_be_sure}",
        )
        _remember(plan, memory, wait)
        for departure in plan.departures:
            ordered.order(departure, plan.ending, wait)
        log.stands(f"{batch.with_verb('is', 'are')} leaving {names}", f"To wait for it, run again: {again}")
        seconds = Drain(plan, floor, memory, wait).wait_for_end(timeout)
    except FloorBroken:
        _put_back(plan, ordered, memory, wait, "someone else went first")
        raise
    except TaskError as error:
        if isinstance(error, NotFollowed):
            # It may be followed all the same, later than AWS can tell of it.
            _put_back(plan, ordered, memory, wait, "the order was not followed")
        elif _certain(error):
            _put_back(plan, ordered, memory, wait, "not allowed to go on")
        raise
    except Cancelled:
        if back_if_cancelled:
            _put_back(plan, ordered, memory, wait, "cancelled; nothing was deployed yet")
        raise
    except (Exception, SystemExit):
        _put_back(plan, ordered, memory, wait, "failed unforeseen, with nothing deployed yet")
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

    def order(self, departure: Departure, ending: Ending, wait: Wait) -> None:
        """Tell those that have still to be told to leave one load balancer.

        Raises:
            NotFollowed: No answer came, and the load balancer does not know of the order.
            AwsError: It was refused; or no answer came, and nobody can tell what became of it.
        """
        log = wait.log
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
                self._ids[balancer.address] = before | _gone(balancer, leaving)
            if _certain(error) or not isinstance(error, AwsError):
                raise
            told = {instance.id for instance in leaving}
            words = f"{leaving.names}: leaving {balancer.name}"
            look_up(error, words, lambda: _gone(balancer, leaving) == told, wait)
        settings = balancer.settings()
        drain, lag = settings.drain, ending.lag_of(settings)
        new = f", and new ones may come for {lag:.0f} s" if lag > drain else ""
        log.say(f"{leaving.names}: leaving {balancer.name}; in-flight requests have up to {drain:.0f} s{new}")
        if settings.stays:
            log.say(f"{balancer.name}: connections that are open stay, as {settings.stays}")
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


def _gone(balancer: LoadBalancer, batch: Batch) -> set[str]:
    roster = balancer.roster(*batch)
    return {each.id for each in batch if roster.of(each).state in (State.LEAVING, State.OUT)}


def _certain(error: TaskError) -> bool:
    """Whether what was asked for last has certainly not been done."""
    return isinstance(error, Refused) or (isinstance(error, AwsError) and error.refusal)


def _put_back(plan: DetachPlan, ordered: Ordered, memory: Memory, wait: Wait, why: str) -> None:
    log, batch = wait.log, plan.batch
    left = [departure for departure in plan.departures if ordered.of(departure)]
    names = ", ".join(departure.balancer.name for departure in left)
    if left:
        back = next_command("attach-instance", batch, *(departure.balancer for departure in left))
        log.say(f"{batch.names}: {why}, putting {'it' if len(batch) == 1 else 'them'} back")
        log.stands(f"{batch.with_verb('is', 'are')} being put back into {names}", f"To see to it: {back}")
        for departure in left:
            places = _places_before(departure, ordered.of(departure), memory)
            try:
                register(places, departure.balancer, wait, at_once=False)
            except TaskError:
                raise
            except Exception:  # noqa: BLE001 - looking may be what fails, and must keep nobody outside
                departure.balancer.register(places)
        served = [departure for departure in left if departure.served]
        if served:
            back_in = _together(departure.served for departure in left)
            wait_until_serving(back_in, [departure.balancer for departure in served], memory, wait)
            well = ", ".join(departure.balancer.name for departure in served)
            log.say(f"{back_in.names}: registered with {well} again, healthy")
        for instance in batch:
            log.event("put back", instance=instance.name, why=why)
    for departure in plan.departures:
        memory.forget(departure.batch.without(departure.gone), [departure.balancer])
        departure.balancer.restore_settings()
    if left:
        log.restored(_back_as_before(batch, left))
    elif not any(departure.gone for departure in plan.departures):
        log.restored("nothing was changed")


def _back_as_before(batch: Batch, left: Sequence[Departure]) -> str:
    """How those are that were put back: whoever did not serve does not now."""
    unwell = [
        f"{each.name} in {departure.balancer.name} ({departure.members[each.id].words})"
        for departure in left
        for each in departure.batch.without(departure.served)
    ]
    serves = " and serves as before" if len(batch) == 1 else " and serve as before"
    as_before = serves if any(departure.served for departure in left) else ""
    but = f"; not healthy before either: {listed(unwell, NAMED)}" if unwell else ""
    return f"{batch.with_verb('was', 'were')} put back{as_before}{but}"


def _together(batches: Iterable[Batch]) -> Batch:
    return Batch(tuple({instance.id: instance for batch in batches for instance in batch}.values()))


def _places_before(departure: Departure, ordered: Batch, memory: Memory) -> list[Place]:
    places = []
    for instance in ordered:
        away = memory.of(instance, departure.balancer)
        places.append(Place(instance, away.ports if away else departure.members[instance.id].ports))
    return places
