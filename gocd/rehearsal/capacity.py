"""The lowest number of instances that served, watched from the data plane."""

from __future__ import annotations

import threading
from types import TracebackType

from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.world import LoadBalancer
from gocd.rehearsal.summary import Capacity

# Seconds between looks.
EVERY = 0.2


class CapacityWatch:
    """Watches one load balancer from here to the end of the ``with`` block."""

    def __init__(self, aws: StandInAWS, balancer: LoadBalancer, instances: int) -> None:
        self._aws = aws
        self._balancer = balancer
        self._instances = instances
        self._lowest = instances
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> CapacityWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seen(self) -> Capacity:
        return Capacity(self._lowest, self._instances)

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._lowest = min(self._lowest, len(self._aws.serving(self._balancer)))
