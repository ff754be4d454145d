"""Whom a load balancer sends requests to, and whom it would send them to without some of those."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from tasks.aws.load_balancer import Member, Roster, Settings, State, Threshold

# The zone of a target that every zone sends to (AWS, elbv2 TargetDescription).
EVERY_ZONE = "all"


@dataclass(frozen=True)
class Pool:
    """All that one request may go to: the whole load balancer, or one zone where each serves from its own.

    Args:
        opens_below: With fewer healthy targets than this all get requests, healthy or not.
    """

    members: tuple[Member, ...]
    opens_below: Threshold

    @cached_property
    def healthy(self) -> tuple[Member, ...]:
        """Those that are healthy, and get requests for it."""
        return tuple(each for each in self.members if each.state is State.SERVING and not each.shifted)

    @cached_property
    def unhealthy(self) -> tuple[Member, ...]:
        return tuple(each for each in self.members if each.state is State.UNHEALTHY)

    @property
    def serving(self) -> tuple[Member, ...]:
        """Those that answer for it: the healthy or, if there is none and it is then open to all, the others.

        One that is only joining may not be able to answer yet, and does not count. While it is open to all a
        zonal shift has no effect (AWS, r53recovery/arc-zonal-shift.resource-types).
        """
        if self.healthy or not self.opens:
            return self.healthy
        registered = (State.SERVING, State.UNKNOWN, State.UNHEALTHY)
        return tuple(each for each in self.members if each.state in registered)

    @property
    def opens(self) -> bool:
        """Whether unhealthy targets get requests as well."""
        return self.short_of(self.opens_below)

    @property
    def why(self) -> str:
        """Why it does, in words."""
        if not self.healthy:
            return "no target is healthy"
        return f"fewer than {self.opens_below.of(self.targets)} of its targets are healthy"

    @property
    def targets(self) -> int:
        """All that are registered; who is leaving is not."""
        return sum(state is not State.LEAVING for each in self.members for state in each.targets)

    def short_of(self, least: Threshold) -> bool:
        """Whether fewer targets are healthy than *least*."""
        healthy = sum(state is State.SERVING for each in self.healthy for state in each.targets)
        return healthy < least.of(self.targets)

    def without(self, keys: Collection[str]) -> "Pool":
        return Pool(tuple(each for each in self.members if each.key not in keys), self.opens_below)


class Reach:
    """Whom a load balancer sends requests to, as one look shows it."""

    def __init__(self, settings: Settings, roster: Roster) -> None:
        self._settings = settings
        self._roster = roster

    def pool(self, zone: str = "") -> Pool:
        """All that a request may go to which came in by *zone*; by any, where zones serve each other."""
        zones = (zone, EVERY_ZONE) if self._settings.zonal else None
        members = (each for each in self._roster.members if zones is None or each.zone in zones)
        return Pool(tuple(members), self._settings.opens_below)

    def reaches(self, member: Member) -> bool:
        """Whether requests go to *member*, so that it is missed when it leaves.

        One whose health cannot be told may be healthy. An unhealthy one is missed only if nobody is healthy.
        Where each zone serves from its own, no request comes in by one that DNS leaves out, as it does while
        another is well (AWS, network/target-group-health and application/target-group-health).
        """
        if member.state is State.UNKNOWN:
            return not member.shifted
        pool = self.pool(member.zone)
        if pool.healthy or not pool.opens:
            return member in pool.healthy
        registered = member.state in (State.SERVING, State.UNHEALTHY, State.JOINING)
        return registered and not self._left_out_of_dns(member.zone)

    def _left_out_of_dns(self, zone: str) -> bool:
        if not self._settings.zonal:
            return False
        least = self._settings.in_dns_from
        others = {each.zone for each in self._roster.members} - {zone, EVERY_ZONE}
        return self.pool(zone).short_of(least) and any(
            not self.pool(other).short_of(least) for other in others
        )
