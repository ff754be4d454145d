"""The lowest number of instances that served, watched from the data plane."""

from __future__ import annotations

import time

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World
from gocd.rehearsal.summary import Capacity


class CapacityWatch:
    def __init__(self, aws: World, balancer: LoadBalancer, instances: int) -> None:
        self._aws = aws
        self._door, _ = aws.parts.door_of(balancer.load_balancer_arn or balancer.name)
        self.seen = Capacity(instances, instances)
        self._looked: float | None = None

    def look(self) -> None:
        """Count those that get traffic now."""
        self._aws.parts.plane.look()
        now = len(self._aws.parts.plane.behind(self._door))
        at = time.monotonic()
        apart_s = at - (self._looked or at)
        self._looked = at
        self.seen = Capacity(min(self.seen.lowest, now), self.seen.of, max(self.seen.apart_s, apart_s))
