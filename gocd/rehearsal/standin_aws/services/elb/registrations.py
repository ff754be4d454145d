"""One instance in one load balancer or target group, as the control plane remembers it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Registration:
    """*id* is an instance id or an IP address; the moments are seconds on a monotonic clock.

    *since* is when the load balancer began to bring it in, *passing_since* when it last began to pass its
    checks, *served* whether it has been given traffic since. *zone* and *server_id* are what was said of its
    Availability Zone, and for QUIC, when it was registered.
    """

    id: str
    port: int
    since: float
    passing_since: float | None = None
    leaving_since: float | None = None
    served: bool = False
    # An idle moment may lie between two requests of one client; two looks in a row are an end.
    idle_looks: int = 0
    zone: str = ""
    server_id: str = ""

    @property
    def leaving(self) -> bool:
        return self.leaving_since is not None

    def begin(self, now: float) -> None:
        """Bring it in from the start: newly registered, called back from its drain, or started again."""
        self.since, self.served, self.idle_looks = now, False, 0
        self.passing_since = self.leaving_since = None
