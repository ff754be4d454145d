"""The names of load balancers: in which hosted zone they lie, and what addresses they have.

Sources: AWS General Reference, Elastic Load Balancing endpoints (one hosted zone id in each region for
Application and Classic Load Balancers, another one for Network ones; these are eu-west-1's); Route 53 API
reference, AliasTarget (when a load balancer is taken for healthy); an address record of one lives for 60
seconds (Elastic Load Balancing user guide, How Elastic Load Balancing works).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.services.elb.target_group_settings import load_balancers_of

REQUESTS, CONNECTIONS = "Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"
LIVES = 60

DUALSTACK = "dualstack."


class Names:
    """The load balancers of one region, by the names that AWS gives them.

    Args:
        healthy: Gives the ids of the instances of one that are healthy.
    """

    def __init__(self, region: str, healthy: Callable[[LoadBalancer], set[str]]) -> None:
        self._region = region
        self._healthy = healthy
        self._numbers: dict[str, int] = {}

    def forget(self) -> None:
        self._numbers.clear()

    def lies_within(self, name: str, zone: str) -> bool:
        """Whether a name lies in a hosted zone of AWS's own."""
        balancer = self._find(name)
        return balancer is not None and _zone(balancer) == zone

    def addresses(self, name: str, kind: str) -> list[str] | None:
        """Give the addresses of a load balancer; None if it is the name of none.

        They are of a network that no machine has (RFC 5737, RFC 3849), as a door is on a port of its own.
        """
        balancer = self._find(name)
        if balancer is None:
            return None
        number = self._numbers.setdefault(_identity(balancer), len(self._numbers) + 1)
        if kind == "A":
            return [f"198.51.100.{number}"]
        dual = getattr(balancer, "ip_address_type", "ipv4") == "dualstack"
        return [f"2001:db8::{number:x}"] if kind == "AAAA" and dual else []

    def at(self, address: str) -> str | None:
        """Give the load balancer at an address, by ARN or classic name."""
        for identity, number in self._numbers.items():
            if address in (f"198.51.100.{number}", f"2001:db8::{number:x}"):
                return identity
        return None

    def well(self, name: str) -> bool:
        """Whether an alias that evaluates its target's health takes a load balancer for healthy.

        One whose target groups have a healthy target each; one without any in any of them is not.
        """
        balancer = self._find(name)
        if balancer is None:
            return False
        if not hasattr(balancer, "arn"):
            return bool(self._healthy(LoadBalancer(balancer.name, "classic", "", balancer.name)))
        backend = elbv2_backends[ACCOUNT][self._region]
        groups = [arn for arn in backend.target_groups if balancer.arn in load_balancers_of(backend, arn)]
        return bool(groups) and all(
            self._healthy(LoadBalancer(arn, "application", "", arn, arn)) for arn in groups
        )

    def _find(self, name: str) -> Any | None:
        wanted = name.lower().rstrip(".").removeprefix(DUALSTACK)
        every = [
            *elbv2_backends[ACCOUNT][self._region].load_balancers.values(),
            *elb_backends[ACCOUNT][self._region].load_balancers.values(),
        ]
        return next((each for each in every if each.dns_name.lower() == wanted), None)


def zone_of(kind: str) -> str:
    """Give the id of the hosted zone that load balancers of a kind have their names in."""
    return CONNECTIONS if kind == "network" else REQUESTS


def _zone(balancer: Any) -> str:
    return zone_of(getattr(balancer, "type", "classic"))


def _identity(balancer: Any) -> str:
    return str(getattr(balancer, "arn", balancer.name))
