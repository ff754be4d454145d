"""Where traffic enters and where it may go, as load balancers set it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gocd.rehearsal.standin_aws.data.health_checks import HealthCheck


@dataclass(frozen=True)
class Endpoint:
    """An address traffic may go to while *serving*; else only what is in flight may finish.

    One that is *leaving* may be serving still.
    """

    address: str
    port: int
    serving: bool = True
    leaving: bool = False


@dataclass(frozen=True)
class Pool:
    """Endpoints of one target group or classic load balancer; *fail_open* uses all when none is healthy."""

    name: str
    protocol: str
    endpoints: Sequence[Endpoint]
    check: HealthCheck | None
    fail_open: bool = True


@dataclass(frozen=True)
class Door:
    """A listener: traffic of *protocol* (``http`` or ``tcp``) enters and is shared among pools by weight."""

    name: str
    protocol: str
    pools: Sequence[tuple[str, int]]
