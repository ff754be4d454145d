"""What a load balancer still sends to a target that was told to leave its group."""

from collections.abc import Mapping
from dataclasses import dataclass

# Seconds in which new requests may still come after an order, whatever the delay. An Application Load
# Balancer goes on for about ten (aws-load-balancer-controller, issues 1064 and 1719), a Network Load Balancer
# with new connections for two minutes (issue 2366 there; containers-roadmap, issue 470).
LAG, NETWORK_LAG = 20.0, 120.0

# Whether the end of the delay closes what is open; unless it does, an established connection goes on leading
# to a healthy target that was deregistered (AWS, network/edit-target-group-attributes). True by default where
# there are no connections, else false.
TERMINATION = "deregistration_delay.connection_termination.enabled"
WITHOUT_CONNECTIONS = ("UDP", "TCP_UDP", "QUIC", "TCP_QUIC", "GENEVE")


@dataclass(frozen=True)
class LeavingTargets:
    """The same as in the settings of a load balancer."""

    lag: float
    stays: str = ""
    uncounted: str = ""


def leaving_targets(protocol: str, attributes: Mapping[str, str]) -> LeavingTargets:
    """Tell it from the target group's protocol and attributes."""
    if protocol.startswith("HTTP"):
        return LeavingTargets(LAG)
    without = protocol in WITHOUT_CONNECTIONS
    ends = attributes.get(TERMINATION, "true" if without else "false") == "true"
    return LeavingTargets(
        NETWORK_LAG,
        "" if ends else f"{TERMINATION} is false",
        f"{protocol} has no connections to count" if without else "",
    )
