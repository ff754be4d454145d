"""Who has left a pool by the control plane's word, and is still sent to.

Sources: containers-roadmap issue 470 and aws-load-balancer-controller issue 2366: for about two minutes after
DeregisterTargets a Network Load Balancer opens new connections to the target, whatever the delay and
whatever DescribeTargetHealth says. aws-load-balancer-controller issues 1064 and 1719: an Application Load
Balancer goes on for about ten seconds.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.data.data_plane import DataPlane
from gocd.rehearsal.standin_aws.data.pools import Endpoint


@dataclass(frozen=True)
class _Departure:
    endpoint: Endpoint
    until: float
    cut: bool


class Departed:
    """Those of all pools of one generation of load balancers."""

    def __init__(self, plane: DataPlane, clock: Clock) -> None:
        self._plane = plane
        self._now = clock
        self._by_pool: dict[str, list[_Departure]] = {}

    def add(self, pool: str, endpoint: Endpoint, until: float, *, cut: bool) -> None:
        """Note that *endpoint* is sent to until a moment; *cut* closes what is in flight there then."""
        left = _Departure(replace(endpoint, serving=True, leaving=True), until, cut)
        self._by_pool.setdefault(pool, []).append(left)

    def of(self, pool: str, present: Collection[Endpoint]) -> list[Endpoint]:
        """Give those that are still sent to, but for who is there again."""
        known = {(each.address, each.port) for each in present}
        return [
            each.endpoint
            for each in self._by_pool.get(pool, ())
            if each.until > self._now() and (each.endpoint.address, each.endpoint.port) not in known
        ]

    def settle(self, pool: str, registered: Collection[tuple[str, int]]) -> None:
        """Forget those whose time is over, and cut what they have, but for who is registered again."""
        over = [each for each in self._by_pool.get(pool, ()) if each.until <= self._now()]
        for each in over:
            self._by_pool[pool].remove(each)
            if each.cut and (each.endpoint.address, each.endpoint.port) not in registered:
                self._plane.cut(pool, each.endpoint)

    def forget(self) -> None:
        self._by_pool.clear()
