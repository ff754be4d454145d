"""The floor: how many healthy instances a load balancer must keep while one is away."""

import math
import re
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, Roster, State
from tasks.errors import Refused
from tasks.neighbours import Neighbours
from tasks.next_command import next_command


class FloorBroken(Refused):
    """Too few healthy instances would be left, or are."""


@dataclass(frozen=True)
class Floor:
    """The least number of healthy instances, as a count or as a share of all that are registered.

    Args:
        minimum: A count, or a percentage if *percent*.
        neighbours: Who knows the others by name, for the message.
    """

    minimum: int
    percent: bool
    neighbours: Neighbours

    def check(self, balancer: LoadBalancer, roster: Roster, instance: Instance) -> str:
        """Return the count in words if enough are healthy without *instance*.

        Counted in the instance's own zone where each zone serves from its own instances only
        (AWS: a zone without a healthy target is taken out of DNS).

        Raises:
            FloorBroken: Too few would be left; the message names who is missing.
        """
        own = roster.of(instance)
        zone = instance.zone if balancer.settings().zonal else ""
        pool = [member for member in roster.members if not zone or member.zone == zone]
        healthy = [member for member in pool if member.state is State.SERVING]
        left = [member for member in healthy if member.key != own.key]
        needed = self._needed(len(pool))
        where = f"{balancer.title}, {zone} alone" if zone else balancer.title
        count = f"{where}: {len(healthy)} healthy of {len(pool)}"
        if len(left) >= needed:
            return f"{count}; without {instance.name}: {len(left)}, floor {needed}"
        others = [member for member in pool if member.key != own.key and member not in left]
        raise self._broken(balancer, instance, count, len(left), needed, others)

    def _needed(self, total: int) -> int:
        return math.ceil(total * self.minimum / 100) if self.percent else self.minimum

    def _broken(
        self,
        balancer: LoadBalancer,
        instance: Instance,
        count: str,
        left: int,
        needed: int,
        missing: list[Member],
    ) -> FloorBroken:
        keys = [member.key for member in missing]
        named = {**dict(zip(keys, keys, strict=True)), **self.neighbours.names(keys)}
        if missing:
            states = ", ".join(f"{named[member.key]} is {member.words}" for member in missing)
            count = f"{count} ({states})"
        what = f"{count}; without {instance.name} {left} would be left, and the floor is {needed}"
        if left == 0:
            what = f"{count}; {instance.name} is the last healthy instance in {balancer.name}"
        away = [name for name in self.neighbours.away_from(balancer) if name != instance.name]
        if back := [named[key] for key in keys] or away:
            first = next_command("attach-instance", back[0], balancer)
            return FloorBroken(what, f"Bring {back[0]} back first: {first}")
        if balancer.settings().zonal:
            cure = f"Turn cross-zone load balancing on, or add an instance in {instance.zone}"
            return FloorBroken(what, f"{cure}; or lower --min-healthy")
        return FloorBroken(what, "Add an instance first, or lower --min-healthy")


def parse_floor(text: str, neighbours: Neighbours) -> Floor:
    """Read ``--min-healthy``: a whole number, or a percentage such as ``50%``.

    Raises:
        Refused: It is neither.
    """
    match = re.fullmatch(r"(\d+)(%?)", text.strip())
    if not match or (match[2] and int(match[1]) > 100):
        raise Refused(f"--min-healthy takes a count such as 1 or a percentage such as 50%, not {text}")
    return Floor(int(match[1]), bool(match[2]), neighbours)
