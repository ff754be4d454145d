"""Where traffic enters and where it may go, as load balancers set it up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gocd.rehearsal.standin_aws.data.health_checks import HealthCheck


@dataclass(frozen=True)
class Endpoint:
    """An address traffic may go to while *serving*; else only what is in flight may finish.

    One that is *leaving* may be serving still. Only what comes in by one of its *zones* goes there; by any,
    if it names none.
    """

    address: str
    port: int
    serving: bool = True
    leaving: bool = False
    zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Least:
    """How many must be healthy: of a count and a percentage whichever is more."""

    count: int = 1
    percent: int = 0

    def of(self, total: int) -> int:
        return max(self.count, math.ceil(total * self.percent / 100))


# Seconds that connections may be idle unless it is set (AWS, application/edit-load-balancer-attributes and
# classic/config-idle-timeout).
IDLE = 60.0

# Healthy or not, nobody is sent to because too few are healthy.
CLOSED = Least(0)


@dataclass(frozen=True)
class Pool:
    """Endpoints of one target group or classic load balancer.

    With fewer healthy ones than *opens_below* all are used: of those that what comes in may go to. A
    connection is kept for the next request until it has been idle for *idle* seconds.
    """

    name: str
    protocol: str
    endpoints: Sequence[Endpoint]
    check: HealthCheck | None
    opens_below: Least = Least()
    idle: float = IDLE

    @property
    def ways(self) -> list[list[Endpoint]]:
        """Those that one request may go to: all, or those of each zone."""
        zones = sorted({zone for each in self.endpoints for zone in each.zones})
        ways = [[each for each in self.endpoints if not each.zones or zone in each.zones] for zone in zones]
        return ways or [list(self.endpoints)]


class Share(NamedTuple):
    """What of a listener's traffic goes to a pool, having come in by *zone* if the pool's zones are apart."""

    pool: str
    weight: int
    zone: str = ""


@dataclass(frozen=True)
class Answer:
    """What a listener answers by itself; *leads* to another address if it redirects."""

    status: int
    body: str = ""
    leads: str = ""


NOBODY = Answer(503)


@dataclass(frozen=True)
class Route:
    """Where requests go of which each header in *match* fits its regular expression (``:path`` is the path).

    They are shared among *pools* by weight, or else get *answer*. A client stays for *stays* seconds with the
    pool that it was given first, whatever the weights become.
    """

    pools: Sequence[Share] = ()
    match: Sequence[tuple[str, str]] = ()
    stays: float = 0.0
    answer: Answer = NOBODY


@dataclass(frozen=True)
class Door:
    """A listener: traffic of *protocol* (``http`` or ``tcp``) enters and takes the first of *routes* it fits.

    *closed* is what a client is answered whose request an instance closed the connection on.
    """

    name: str
    protocol: str
    routes: Sequence[Route]
    closed: int = 502

    @property
    def shares(self) -> list[Share]:
        """All that any of its routes leads to."""
        return [share for route in self.routes for share in route.pools]
