"""Who leaves which load balancers, planned from one look at each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tasks.aws.load_balancer import LoadBalancer, Member, State
from tasks.balancing.absences import Memory
from tasks.balancing.batch import Batch
from tasks.balancing.floor import Floor
from tasks.running.log import Log


@dataclass(frozen=True)
class Departure:
    """One load balancer that a batch leaves.

    Args:
        batch: Those that are in it.
        members: The same as seen there when this was planned, by instance id.
        guarded: Those whose leaving takes a healthy instance away, so that the floor counts.
        leaving: Those that an earlier order sends away already.
    """

    balancer: LoadBalancer
    batch: Batch
    members: Mapping[str, Member]
    guarded: Batch
    leaving: Batch

    @property
    def to_order(self) -> Batch:
        """Those that have still to be told to leave."""
        return self.batch.without(self.leaving)


@dataclass(frozen=True)
class DetachPlan:
    """Who leaves which load balancers.

    Args:
        balancers: Those that were asked for.
        departures: Those of them that somebody of the batch is in.
    """

    batch: Batch
    balancers: Sequence[LoadBalancer]
    departures: Sequence[Departure]

    @property
    def names(self) -> str:
        return ", ".join(departure.balancer.name for departure in self.departures)

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out would change, a line each."""
        if self.departures:
            drain = max(departure.balancer.settings().drain for departure in self.departures)
            yield f"{self.batch.names}: would leave {self.names} and be given up to {drain:.0f} s to drain"


def plan_detach(
    batch: Batch, balancers: Sequence[LoadBalancer], floor: Floor, memory: Memory, log: Log
) -> DetachPlan:
    """Look at the load balancers, and plan who leaves which; say what was found there.

    Raises:
        FloorBroken: Too few healthy instances would be left.
    """
    departures = (_departure(batch, balancer, floor, memory, log) for balancer in balancers)
    return DetachPlan(batch, balancers, tuple(each for each in departures if each))


def _departure(
    batch: Batch, balancer: LoadBalancer, floor: Floor, memory: Memory, log: Log
) -> Departure | None:
    roster = balancer.roster(*batch)
    members = {instance.id: roster.of(instance) for instance in batch}

    def those(*states: State) -> Batch:
        return Batch(tuple(instance for instance in batch if members[instance.id].state in states))

    gone, resumed, serving = those(State.OUT), those(State.LEAVING), those(State.SERVING)
    if gone:
        log.say(f"{gone.names}: already detached from {balancer.name}; nothing to do")
    if len(gone) == len(batch):
        return None
    served = [each for each in resumed if (away := memory.of(each, balancer)) is None or away.served]
    guarded = Batch((*serving, *served))
    if serving:
        log.say(floor.check(balancer, roster, guarded))
    if resumed:
        log.say(f"{resumed.names}: already leaving {balancer.name}; waiting for the rest of the drain")
    for each in those(State.JOINING, State.UNHEALTHY, State.STUCK):
        words = members[each.id].words
        log.say(f"{each.name}: {words} in {balancer.name}; taking it out costs nobody anything")
    return Departure(balancer, batch.without(gone), members, guarded, resumed)
