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
from tasks.balancing.share import Share, parse_share
from tasks.running.errors import Refused


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
        return sorted(each.name for each in instances.tagged(self._aws, PREFIX + balancer.address))


@dataclass(frozen=True)
class Floor:
    """The least number of healthy instances.

    Args:
        minimum: A count, or a share of all that are registered.
        neighbours: Who knows the others by name, for the message.
    """

    minimum: Share
    neighbours: Neighbours

    def check(self, balancer: LoadBalancer, roster: Roster, leaving: Batch) -> str:
        """Return the count in words if enough are healthy without those that leave.

        Counted in each of their zones where a zone serves from its own instances only (AWS: a zone
        without a healthy target is taken out of DNS).

        Raises:
            FloorBroken: Too few would be left; the message names who is missing.
        """
        zones = {instance.zone for instance in leaving} if balancer.settings().zonal else {""}
        return "; ".join(self._count(balancer, roster, leaving, zone) for zone in sorted(zones))

    def _count(self, balancer: LoadBalancer, roster: Roster, leaving: Batch, zone: str) -> str:
        own = {member.key for instance in leaving for member in roster.all_of(instance)}
        pool = [member for member in roster.members if not zone or member.zone == zone]
        healthy = [member for member in pool if member.state is State.SERVING]
        left = [member for member in healthy if member.key not in own]
        # Those of the batch that have left by now are still of the fleet that a share is of.
        gone = [each for each in leaving if roster.of(each).state is State.OUT and zone in ("", each.zone)]
        needed = self._needed(len(pool) + len(gone))
        where = f"{balancer.title}, {zone} alone" if zone else balancer.title
        count = f"{where}: {len(healthy)} healthy of {len(pool)}"
        if len(left) >= needed:
            return f"{count}; without {leaving.names}: {len(left)}, floor {needed}"
        others = [member for member in pool if member.key not in own and member not in left]
        raise self._broken(balancer, leaving, count, len(left), needed, others)

    def _needed(self, total: int) -> int:
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
    ) -> FloorBroken:
        named = {member.handle: member.key for member in missing}
        named.update(self.neighbours.names(list(named)))
        if missing:
            states = ", ".join(f"{named[member.handle]} is {member.words}" for member in missing)
            count = f"{count} ({states})"
        what = f"{count}; without {leaving.names} {left} would be left, and the floor is {needed}"
        if left == 0 and len(leaving) == 1:
            what = f"{count}; {leaving.names} is the last healthy instance in {balancer.name}"
        own = {instance.name for instance in leaving}
        away = [name for name in self.neighbours.away_from(balancer) if name not in own]
        if back := list(named.values()) or away:
            first = next_command("attach-instance", back[0], balancer)
            return FloorBroken(what, f"Bring {back[0]} back first: {first}")
        if balancer.settings().zonal:
            zones = " and ".join(sorted({instance.zone for instance in leaving}))
            cure = f"Turn cross-zone load balancing on, or add an instance in {zones}"
            return FloorBroken(what, f"{cure}; or lower --min-healthy")
        return FloorBroken(what, "Add an instance first, or lower --min-healthy")


def parse_floor(text: str, neighbours: Neighbours) -> Floor:
    """Read ``--min-healthy``: a whole number, or a percentage such as ``50%``.

    Raises:
        Refused: It is neither.
    """
    return Floor(parse_share("--min-healthy", text, "1", "50%"), neighbours)
