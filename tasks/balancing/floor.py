"""The floor: how many healthy instances a load balancer must keep while some are away."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tasks.aws import instances
from tasks.aws.api import Aws
from tasks.aws.instances import Handle
from tasks.aws.load_balancer import LoadBalancer, Member, Roster, State
from tasks.balancing.absences import PREFIX
from tasks.balancing.batch import Batch
from tasks.balancing.next_command import next_command
from tasks.balancing.reach import Pool, Reach
from tasks.balancing.share import Share, parse_share
from tasks.running.errors import Refused

NOBODY = Batch(())


class FloorBroken(Refused):
    """Too few healthy instances would be left, or are."""


class Neighbours(Protocol):
    """Who knows the other instances behind a load balancer; asked only when a message needs them."""

    def names(self, handles: Iterable[Handle]) -> Mapping[Handle, str]:
        """People's names for what load balancers call instances."""

    def away_from(self, balancer: LoadBalancer) -> list[str]:
        """The names of those that were taken out of *balancer* and not put back."""


class AwsNeighbours:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def names(self, handles: Iterable[Handle]) -> Mapping[Handle, str]:
        return instances.names(self._aws, handles)

    def away_from(self, balancer: LoadBalancer) -> list[str]:
        away = instances.tagged(self._aws, PREFIX + balancer.address)
        # One that has to be started first is named last.
        return [each.name for each in sorted(away, key=lambda one: (one.state != "running", one.name))]


@dataclass(frozen=True)
class Floor:
    """The least number of healthy instances.

    Args:
        minimum: A count, or a share of all that are registered.
        neighbours: Who knows the others by name, for the message.
    """

    minimum: Share
    neighbours: Neighbours

    def check(self, balancer: LoadBalancer, roster: Roster, leaving: Batch, unhealthy: Batch = NOBODY) -> str:
        """Return the count in words if enough are healthy without those that leave.

        Counted in each of their zones where a zone serves from its own instances only (AWS: a zone
        without a healthy target is taken out of DNS). Where all that leave are *unhealthy*, and get requests
        only because everybody is, all that get them count.

        Raises:
            FloorBroken: Too few would be left, or unhealthy ones would get requests for it; the message
                names who is missing.
        """
        zones = {instance.zone for instance in leaving} if balancer.settings().zonal else {""}
        return "; ".join(self._count(balancer, roster, leaving, unhealthy, zone) for zone in sorted(zones))

    def _count(
        self, balancer: LoadBalancer, roster: Roster, leaving: Batch, unhealthy: Batch, zone: str
    ) -> str:
        settings = balancer.settings()
        pool = Reach(settings, roster).pool(zone)
        here = Batch(tuple(each for each in leaving if zone in ("", each.zone)))
        own = {member.key for instance in leaving for member in roster.all_of(instance)}
        rest = pool.without(own)
        healthy_leave = bool(here.without(unhealthy))
        left = rest.healthy if healthy_leave else rest.serving
        # Those of the batch that have left by now are still of the fleet that a share is of.
        gone = [each for each in here if roster.of(each).state is State.OUT]
        needed = self.needed(len(pool.members) + len(gone))
        where = f"{balancer.title}, {zone} alone" if zone else balancer.title
        count = f"{where}: {_healthy(pool) if healthy_leave else _everybody(balancer, pool)}"
        others = [member for member in rest.members if member not in left]
        if len(left) < needed:
            last = "healthy instance" if healthy_leave else "instance that gets requests"
            raise self._broken(balancer, leaving, count, len(left), needed, others, last)
        if self.minimum.number and rest.healthy and rest.unhealthy and rest.opens:
            raise self._opened(balancer, leaving, count, rest)
        count = f"{count}; without {leaving.names}: {len(left)}, floor {needed}"
        if rest.short_of(settings.in_dns_from) and not pool.short_of(settings.in_dns_from):
            least = settings.in_dns_from.of(rest.targets)
            zones = f"{zone} is left out of DNS" if zone else "DNS calls all of its zones unhealthy"
            count = f"{count}; with fewer than {least} healthy targets {zones}"
        return count

    def needed(self, total: int) -> int:
        """Return how many must be left of so many."""
        least = self.minimum
        return math.ceil(total * least.number / 100) if least.percent else least.number

    def _broken(
        self,
        balancer: LoadBalancer,
        leaving: Batch,
        count: str,
        left: int,
        needed: int,
        missing: list[Member],
        last: str,
    ) -> FloorBroken:
        named = self._named(missing)
        if missing:
            count = f"{count} ({_states(missing, named)})"
        what = f"{count}; without {leaving.names} {left} would be left, and the floor is {needed}"
        if left == 0 and len(leaving) == 1:
            what = f"{count}; {leaving.names} is the last {last} in {balancer.name}"
        own = {instance.name for instance in leaving}
        away = [name for name in self.neighbours.away_from(balancer) if name not in own]
        if back := [*named.values()] or away:
            first = next_command("attach-instance", back[0], balancer)
            return FloorBroken(what, f"Bring {back[0]} back first: {first}")
        if balancer.settings().zonal:
            zones = " and ".join(sorted({instance.zone for instance in leaving}))
            cure = f"Turn cross-zone load balancing on, or add an instance in {zones}"
            return FloorBroken(what, f"{cure}; or lower --min-healthy")
        return FloorBroken(what, "Add an instance first, or lower --min-healthy")

    def _opened(self, balancer: LoadBalancer, leaving: Batch, count: str, rest: Pool) -> FloorBroken:
        named = self._named(rest.unhealthy)
        least = balancer.settings().opens_below.of(rest.targets)
        what = (
            f"{count}; without {leaving.names} fewer than {least} targets would be healthy, and "
            f"{balancer.name} would send to the others as well ({_states(rest.unhealthy, named)})"
        )
        back = next(iter(named.values()))
        first = next_command("attach-instance", back, balancer)
        return FloorBroken(what, f"Bring {back} back first: {first}")

    def _named(self, members: Iterable[Member]) -> dict[str, str]:
        """People's names for them, by key; the key itself for one that has none."""
        handles = {member.handle: member.key for member in members}
        names = self.neighbours.names(handles)
        return {key: names.get(handle, key) for handle, key in handles.items()}


def _healthy(pool: Pool) -> str:
    shifted = sum(each.shifted and each.state is State.SERVING for each in pool.members)
    away = f" and {shifted} more without traffic during a zonal shift" if shifted else ""
    return f"{len(pool.healthy)} healthy{away} of {len(pool.members)}"


def _everybody(balancer: LoadBalancer, pool: Pool) -> str:
    if pool.healthy:
        return _healthy(pool)
    return f"no target is healthy, so {balancer.name} sends to all {len(pool.serving)}"


def _states(members: Iterable[Member], named: Mapping[str, str]) -> str:
    return ", ".join(f"{named[member.key]} is {member.words}" for member in members)


def parse_floor(text: str, neighbours: Neighbours) -> Floor:
    """Read ``--min-healthy``: a whole number, or a percentage such as ``50%``.

    Raises:
        Refused: It is neither.
    """
    return Floor(parse_share("--min-healthy", text, "1", "50%"), neighbours)
