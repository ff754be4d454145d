"""Who leaves which load balancers, planned from one look at each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, State
from tasks.balancing.absences import Memory
from tasks.balancing.batch import Batch
from tasks.balancing.ending import NO_SOONER, Ending
from tasks.balancing.floor import Floor
from tasks.balancing.no_drain import has_no_drain, refuse_short_drain
from tasks.balancing.reach import Reach
from tasks.running.waiting import Wait


@dataclass(frozen=True)
class Departure:
    """One load balancer that a batch leaves.

    Args:
        batch: Those that are in it.
        members: The same as seen there when this was planned, by instance id.
        guarded: Those that requests go to, so that the floor counts.
        unhealthy: Those of them that get requests only because nobody is healthy.
        leaving: Those that an earlier order sends away already.
        gone: Those that have left by the load balancer's word, while something may still lead there.
    """

    balancer: LoadBalancer
    batch: Batch
    members: Mapping[str, Member]
    guarded: Batch
    unhealthy: Batch
    leaving: Batch
    gone: Batch

    @property
    def cuts_off(self) -> Batch:
        """Those that lose what is in flight when they are told to leave."""
        return self.busy if has_no_drain(self.balancer) else Batch(())

    @property
    def busy(self) -> Batch:
        """Those that have requests in flight when they are told to leave."""
        return self.guarded.without(self.leaving)

    @property
    def served(self) -> Batch:
        """Those that are healthy again once they are back."""
        return self.guarded.without(self.unhealthy)

    @property
    def to_order(self) -> Batch:
        """Those that have still to be told to leave."""
        return self.batch.without(self.leaving).without(self.gone)


@dataclass(frozen=True)
class DetachPlan:
    """Who leaves which load balancers.

    Args:
        balancers: Those that were asked for.
        departures: Those of them that somebody of the batch is in.
        ending: When the drain is over.
    """

    batch: Batch
    balancers: Sequence[LoadBalancer]
    departures: Sequence[Departure]
    ending: Ending = NO_SOONER

    @property
    def names(self) -> str:
        return ", ".join(departure.balancer.name for departure in self.departures)

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out would change, a line each."""
        settings = [departure.balancer.settings() for departure in self.departures]
        if settings:
            drain = max(max(each.drain, self.ending.lag_of(each)) for each in settings)
            yield f"{self.batch.names}: would leave {self.names} and be given up to {drain:.0f} s to drain"
        for departure in self.departures:
            if stays := departure.balancer.settings().stays:
                bound = self.ending.connections_within
                limit = "" if bound is None else f", for {bound:.0f} s at most"
                name = departure.balancer.name
                yield f"connections through {name} would stay, as {stays}, and be waited for{limit}"


def plan_detach(
    batch: Batch,
    balancers: Sequence[LoadBalancer],
    floor: Floor,
    memory: Memory,
    wait: Wait,
    ending: Ending = NO_SOONER,
    *,
    require_drain: float = 0,
) -> DetachPlan:
    """Look at the load balancers, and plan who leaves which; say what was found there.

    Args:
        require_drain: Seconds before which no request in flight may be cut off.

    Raises:
        FloorBroken: Too few healthy instances would be left.
        Refused: Somebody else is at them, or one cuts off requests in flight too soon.
    """
    for balancer in balancers:
        balancer.refuse_leaving(batch.instances)
    departures = (_departure(batch, balancer, floor, memory, wait, ending) for balancer in balancers)
    plan = DetachPlan(batch, balancers, tuple(each for each in departures if each), ending)
    refuse_short_drain([each.balancer for each in plan.departures if each.busy], require_drain)
    for each in plan.departures:
        if each.cuts_off:
            names = each.cuts_off.names
            wait.log.say(f"{each.balancer.name}: has no drain; requests in flight on {names} will be cut off")
    return plan


def _departure(
    batch: Batch, balancer: LoadBalancer, floor: Floor, memory: Memory, wait: Wait, ending: Ending
) -> Departure | None:
    log = wait.log
    roster = balancer.roster(*batch)
    members = {instance.id: roster.of(instance) for instance in batch}

    def those(*states: State) -> Batch:
        return Batch(tuple(instance for instance in batch if members[instance.id].state in states))

    out, resumed = those(State.OUT), those(State.LEAVING)
    gone = Batch(tuple(each for each in out if _may_be_reached(each, balancer, memory, wait, ending)))
    if past := out.without(gone):
        log.say(f"{past.names}: already detached from {balancer.name}; nothing to do")
    if gone:
        log.say(f"{gone.names}: already out of {balancer.name}; waiting for what may still lead there")
    if len(past) == len(batch):
        return None
    reach = Reach(balancer.settings(), roster)
    present = batch.without(out).without(resumed)
    missed = Batch(tuple(each for each in present if any(map(reach.reaches, roster.all_of(each)))))
    unhealthy = missed.without(those(State.SERVING, State.UNKNOWN))
    served = [each for each in resumed if (away := memory.of(each, balancer)) is None or away.served]
    guarded = Batch((*missed, *served))
    if missed:
        log.say(floor.check(balancer, roster, guarded, unhealthy))
    if resumed:
        log.say(f"{resumed.names}: already leaving {balancer.name}; waiting for the rest of the drain")
    for each in present.without(missed):
        words = members[each.id].words
        log.say(f"{each.name}: {words} in {balancer.name}; taking it out costs nobody anything")
    return Departure(balancer, batch.without(past), members, guarded, unhealthy, resumed, gone)


def _may_be_reached(
    instance: Instance, balancer: LoadBalancer, memory: Memory, wait: Wait, ending: Ending
) -> bool:
    """Whether one that is out may still get requests, or has connections that nobody has waited for."""
    away = memory.of(instance, balancer)
    if away is None:
        return False
    settings = balancer.settings()
    recent = (wait.clock.wall() - away.since).total_seconds() < ending.lag_of(settings)
    return recent or bool(settings.stays and not away.settled)
