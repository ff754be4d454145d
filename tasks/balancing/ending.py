"""What ends a drain, beside the load balancer's own word."""

from dataclasses import dataclass

from tasks.aws.load_balancer import Settings
from tasks.hosts.idleness import Hosts


@dataclass(frozen=True)
class Ending:
    """What ends a drain.

    Args:
        hosts: Who counts the connections that are open on the instances; None where nobody does.
        until_idle: Whether it ends as soon as there are none.
        lag: Seconds after the order in which new requests may come, instead of those of load balancers that
            have a lag.
        connections_within: Seconds after the order from which connections may be cut that the load balancer
            leaves open; None waits for their end.
    """

    hosts: Hosts | None = None
    until_idle: bool = False
    lag: float | None = None
    connections_within: float | None = None

    def lag_of(self, settings: Settings) -> float:
        return settings.lag if self.lag is None or not settings.lag else self.lag


# As the load balancers' settings have it.
NO_SOONER = Ending()
