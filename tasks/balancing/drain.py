"""A drain, from the order to leave to the moment at which nothing leads to the instances any more.

The load balancer's word is not that moment. Its own nodes follow an order late, and a Network Load Balancer
may leave the connections open that there are; an Application or Network Load Balancer says "draining" for the
whole delay even when nothing is left to answer (AWS, application/edit-target-group-attributes).
"""

from collections.abc import Collection
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Place, Roster, Settings, State
from tasks.aws.target import Port
from tasks.balancing.absences import Memory
from tasks.balancing.detach_plan import Departure, DetachPlan
from tasks.balancing.ending import Ending
from tasks.balancing.evidence import Evidence
from tasks.balancing.floor import Floor, FloorBroken
from tasks.balancing.lag import TOLD_AFTER
from tasks.running.errors import TimedOut
from tasks.running.waiting import Missing, Wait, around

# Seconds after the order before which an idle instance proves nothing, whatever the lag.
EARLIEST = 20.0

# Seconds between looks at hosts that were still busy.
AGAIN = 5.0

# Seconds on top of a wait that the user chose.
GRACE = 30.0


@dataclass
class Going:
    """One load balancer that is being left.

    Args:
        ordered: When the latest order was given, on the clock.
        lag: Seconds after it in which new requests may come.
        out: Whether the load balancer itself says that all have left.
    """

    departure: Departure
    ordered: float
    lag: float
    out: bool = False

    @property
    def settings(self) -> Settings:
        return self.departure.balancer.settings()

    @property
    def drain(self) -> float:
        return self.settings.drain if self.departure.batch.without(self.departure.gone) else 0.0

    def stays(self, now: float) -> bool:
        """Whether all is over but for connections that are open."""
        return self.out and now >= self.ordered + self.lag

    def over(self, now: float) -> bool:
        return self.stays(now) and not self.settings.stays


class Drain:
    """Waits for the end of what *plan* has begun."""

    def __init__(self, plan: DetachPlan, floor: Floor, memory: Memory, wait: Wait) -> None:
        ending = plan.ending
        self._batch = plan.batch
        self._names = plan.names
        self._floor, self._memory, self._wait, self._ending = floor, memory, wait, ending
        self._start = wait.clock.now()
        self._going = [
            Going(each, self._start - _age(each, memory, wait), _lag(each.balancer, ending))
            for each in plan.departures
        ]
        uncounted = [each.settings.uncounted for each in self._going if each.settings.uncounted]
        self._evidence = Evidence(ending.hosts, wait, *uncounted[:1])
        self._earliest = max(each.ordered + max(EARLIEST, each.lag) for each in self._going)
        latest = max(each.ordered for each in self._going)
        bound = ending.connections_within
        self._bound = None if bound is None else latest + bound
        # A load balancer that tells when its last request is answered may do so at any moment.
        ends = [
            each.ordered + max(each.lag, 0 if each.settings.tells_idle else each.drain)
            for each in self._going
        ]
        self._usual = around(max(0.0, max(ends) - self._start))

    def wait_for_end(self, timeout: float | None = None) -> float:
        """Return, after so many seconds, once nothing leads to any of the batch.

        Args:
            timeout: Seconds; by default what the load balancers' settings allow for.

        Raises:
            FloorBroken: Too few healthy instances are left meanwhile.
            TimedOut: A load balancer still says that it drains, or something may still lead there.
        """
        if self._ending.until_idle and self._evidence.lacking:
            self._wait.log.say(f"{self._batch.names}: the whole drain, as {self._evidence.lacking}")
        left = max(each.ordered + max(each.drain, each.lag) for each in self._going) - self._start
        within = max(max(each.settings.drained_within, each.lag + GRACE) for each in self._going)
        if self._bound is not None:
            within = max(within, self._bound + GRACE - self._start)
        within = within if timeout is None else timeout
        try:
            return self._wait.until_done(self._look, pace=self._pace, within=within, usually=max(0.0, left))
        except TimedOut as late:
            raise self._late(f"after {within:.0f} s") if late.advice is None else late from None

    def _look(self) -> float | Missing:
        for each in self._going:
            self._ask(each)
        now = self._wait.clock.now()
        if all(each.out for each in self._going):
            self._wait.log.stands(
                f"{self._batch.with_verb('is', 'are')} out of {self._names}", self._wait.log.standing.advice
            )
        self._let_go([each for each in self._going if each.over(now)])
        only_stay = all(each.stays(now) for each in self._going)
        if self._going and only_stay and self._bound is not None and now >= self._bound:
            self._say_cut()
            self._let_go(self._going)
        idle = self._ending.until_idle and now >= self._earliest
        if self._going and (only_stay or idle) and self._evidence.nothing_open(self._places()):
            self._let_go(self._going)
        if not self._going:
            return self._wait.since(self._start)
        if only_stay and self._evidence.lacking and self._bound is None:
            raise self._late()
        return Missing(f"{self._batch.names}: {self._words(now)}")

    def _ask(self, going: Going) -> None:
        departure = going.departure
        try:
            roster = self._guarded(departure)
        except FloorBroken:
            # One look may be of a moment ago, two are believed.
            roster = self._guarded(departure)
        going.out = all(roster.of(each).state is State.OUT for each in departure.batch)

    def _guarded(self, departure: Departure) -> Roster:
        roster = departure.balancer.roster(*departure.batch)
        if departure.guarded:
            self._floor.check(departure.balancer, roster, departure.guarded, departure.unhealthy)
        return roster

    def _words(self, now: float) -> str:
        if not all(each.out for each in self._going):
            return "draining"
        if not all(each.stays(now) for each in self._going):
            return f"out of {self._names}, which may still send new requests there"
        return f"out of {self._names}, with connections open"

    def _pace(self, elapsed: float) -> float:
        """Look seldom, but often from the first moment on at which the hosts can prove anything."""
        now = self._start + elapsed
        usual = self._usual(elapsed)
        moments = [each.ordered + each.lag for each in self._going if each.out]
        if self._bound is not None:
            moments.append(self._bound)
        if all(each.stays(now) for each in self._going):
            usual = AGAIN
        elif self._ending.until_idle and not self._evidence.lacking:
            moments.append(self._earliest)
            usual = usual if now < self._earliest else min(usual, AGAIN)
        return min([usual, *(each - now for each in moments if each > now)])

    def _let_go(self, over: Collection[Going]) -> None:
        for each in over:
            # Whoever deploys next sees it still drain, where it was idle before that was over.
            if each.settings.stays or not each.out:
                self._memory.settle(each.departure.batch, each.departure.balancer)
        self._going = [each for each in self._going if each not in over]

    def _places(self) -> list[Place]:
        return [
            Place(instance, self._ports(instance, each.departure))
            for each in self._going
            for instance in each.departure.batch
        ]

    def _ports(self, instance: Instance, departure: Departure) -> tuple[Port, ...]:
        away = self._memory.of(instance, departure.balancer)
        return departure.members[instance.id].ports or (away.ports if away else ())

    def _say_cut(self) -> None:
        seen = f" ({self._evidence.seen})" if self._evidence.seen else ""
        self._wait.log.say(
            f"{self._batch.names}: had {self._ending.connections_within:.0f} s for connections that stay, as "
            f"{self._going[0].settings.stays}; those still open{seen} are cut when the service stops"
        )

    def _late(self, after: str = "") -> TimedOut:
        now = self._wait.clock.now()
        names = ", ".join(each.departure.balancer.name for each in self._going)
        if not all(each.out for each in self._going):
            return TimedOut(f"{self._batch.with_verb('still drains', 'still drain')} from {names} {after}")
        if not all(each.stays(now) for each in self._going):
            return TimedOut(f"{names} may still send new requests to {self._batch.names} {after}")
        known = self._evidence.seen or f"no evidence: {self._evidence.lacking}"
        return TimedOut(
            f"connections through {names} may still lead to {self._batch.names} ({known}), as "
            f"{self._going[0].settings.stays}",
            "Set it to true, or give --connections-within SECONDS after which they may be cut. "
            f"{self._wait.log.standing.advice}",
        )


def _lag(balancer: LoadBalancer, ending: Ending) -> float:
    # Until AWS can tell of nothing from before the order, who is gone may be who has not been there yet.
    return max(ending.lag_of(balancer.settings()), TOLD_AFTER)


def _age(departure: Departure, memory: Memory, wait: Wait) -> float:
    """Seconds since the latest order; an interrupted run may have given it."""
    if departure.to_order:
        return 0.0
    away = [memory.of(instance, departure.balancer) for instance in departure.batch]
    now = wait.clock.wall()
    return min(max(0.0, (now - each.since).total_seconds()) if each else 0.0 for each in away)
