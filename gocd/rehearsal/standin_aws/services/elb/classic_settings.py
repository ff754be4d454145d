"""What the settings of a classic load balancer mean to its members."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends

from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.data.health_checks import HealthCheck, sped_up
from gocd.rehearsal.standin_aws.data.pools import IDLE

# What a load balancer has until ConfigureHealthCheck is called.
DEFAULT_CHECK = {"timeout": "5", "healthy_threshold": "10", "unhealthy_threshold": "2", "interval": "30"}


def health_check(balancer: Any, speed: float) -> HealthCheck:
    """Say how members are checked, *speed* times as often as set.

    The first pass is all the data plane tells of a recovery; the threshold is counted from there.
    """
    check = balancer.health_check
    protocol, _, rest = check.target.partition(":")
    port, _, path = rest.partition("/")
    return sped_up(
        HealthCheck(
            path=f"/{path}" if protocol in {"HTTP", "HTTPS"} else None,
            interval=float(check.interval),
            timeout=float(check.timeout),
            healthy_threshold=1,
            unhealthy_threshold=int(check.unhealthy_threshold),
            port=int(port),
        ),
        speed,
    )


def draining_timeout(balancer: Any) -> int | None:
    """Give the seconds a drain lasts at most; none if members leave at once."""
    setting: Mapping[str, Any] = balancer.attributes["connection_draining"]
    enabled = str(setting.get("enabled")).lower() == "true"
    return int(setting.get("timeout", 300)) if enabled else None


def idle_timeout(balancer: Any, speed: float) -> float:
    """Give the seconds that a connection to a member is kept, *speed* times shorter than set, never longer.

    Source: Classic Load Balancers guide, Configure the idle connection timeout.
    """
    return float(balancer.attributes["connection_settings"].get("idle_timeout", IDLE)) / max(1.0, speed)


def stored(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Spell a setting the way moto keeps it."""
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): value for name, value in setting.items()}


def crosses_zones(balancer: Any) -> bool:
    """Whether every zone sends to the members of all: not unless told to, through the API."""
    setting: Mapping[str, Any] = balancer.attributes.get("cross_zone_load_balancing") or {}
    return str(setting.get("enabled")).lower() == "true"


def zones_of(balancer: Any) -> set[str]:
    """List the enabled zones."""
    subnets = {each.id: each for each in ec2_backends[ACCOUNT][balancer.region].describe_subnets()}
    of_subnets = {subnets[each].availability_zone for each in balancer.subnets if each in subnets}
    return of_subnets | set(balancer.availability_zones or [])
