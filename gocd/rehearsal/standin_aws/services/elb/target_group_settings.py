"""What the settings of a target group mean to its targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.data.health_checks import HealthCheck, sped_up
from gocd.rehearsal.standin_aws.data.pools import IDLE, Least

CROSS_ZONE = "load_balancing.cross_zone.enabled"
IDLE_TIMEOUT = "idle_timeout.timeout_seconds"
STICKY = "stickiness.enabled"
CONNECTION_TERMINATION = "deregistration_delay.connection_termination.enabled"


def pool_name(group: Any) -> str:
    """Name a group's pool after the part of its ARN that is never used again."""
    return f"{group.name}-{group.arn.rpartition('/')[2]}"


def zones_using(group: Any) -> set[str] | None:
    """List the zones in which load balancers send traffic to a group; none if no listener does."""
    backend = elbv2_backends[group.account_id][group.region_name]
    using = [backend.load_balancers[arn] for arn in load_balancers_of(backend, group.arn)]
    return {zone.zone_name for balancer in using for zone in balancer.availability_zones} if using else None


def load_balancers_of(backend: Any, group_arn: str) -> list[str]:
    """List the load balancers with a listener or rule that forwards to a group."""
    return [
        balancer.arn
        for balancer in backend.load_balancers.values()
        if any(
            group_arn in backend._get_target_group_arns_from(action_data=action.data)
            for listener in balancer.listeners.values()
            for rule in listener.rules.values()
            for action in rule.actions
        )
    ]


def crosses_zones(group: Any) -> bool:
    """Whether every zone sends to the targets of all: the group's own word, else its load balancer's.

    Sources: Application Load Balancers guide, Turn off cross-zone load balancing; Network Load Balancers
    guide, Cross-zone load balancing.
    """
    own = group.attributes.get(CROSS_ZONE, "use_load_balancer_configuration")
    if own in ("true", "false"):
        return bool(own == "true")
    backend = elbv2_backends[group.account_id][group.region_name]
    using = [backend.load_balancers[arn] for arn in load_balancers_of(backend, group.arn)]
    return all(balancer.attrs.get(CROSS_ZONE) == "true" for balancer in using)


def least_healthy(group: Any, action: str) -> Least:
    """Give below how many healthy targets an action is taken: with none, unless told otherwise.

    Source: Elastic Load Balancing API reference (v2), TargetGroupAttribute.
    """
    name = f"target_group_health.{action}.minimum_healthy_targets"
    count, percent = (
        group.attributes.get(f"{name}.count", "1"),
        group.attributes.get(f"{name}.percentage", "off"),
    )
    return Least(0 if count == "off" else int(count), 0 if percent == "off" else int(percent))


def target_key(group: Any, target: Mapping[str, Any]) -> tuple[str, int]:
    """Tell one target from the others: its id and port, the group's own port if none is given."""
    return target["Id"], int(target.get("Port") or group.port)


def deregistration_delay(group: Any) -> int:
    """Give the seconds a target drains."""
    return int(group.attributes["deregistration_delay.timeout_seconds"])


def sends_requests(group: Any) -> bool:
    """Whether an Application Load Balancer uses the group, which sends requests and not connections."""
    return group.protocol in {"HTTP", "HTTPS"}


def terminates_connections(group: Any) -> bool:
    """Whether the end of the delay closes what is in flight.

    Of a Network Load Balancer an attribute says so: false unless set, but for UDP and TCP_UDP; without it an
    established connection goes on leading to a deregistered target for as long as it is used.

    Source: Network Load Balancers guide, Edit target group attributes, Deregistration delay.
    """
    return sends_requests(group) or group.attributes[CONNECTION_TERMINATION] == "true"


def idle_timeout(group: Any, speed: float) -> float:
    """Give the seconds that a connection to a target is kept, *speed* times shorter than set, never longer.

    Source: Application Load Balancers guide, Edit attributes, Connection idle timeout.
    """
    backend = elbv2_backends[group.account_id][group.region_name]
    using = [backend.load_balancers[arn] for arn in load_balancers_of(backend, group.arn)]
    return min(
        (float(each.attrs[IDLE_TIMEOUT]) for each in using if IDLE_TIMEOUT in each.attrs), default=IDLE
    ) / max(1.0, speed)


def health_check(group: Any, speed: float) -> HealthCheck | None:
    """Say how a group's targets are checked, *speed* times as often as set; none if they are not."""
    if not group.health_check_enabled:
        return None
    over_http = group.health_check_protocol in {"HTTP", "HTTPS"}
    port = group.health_check_port
    return sped_up(
        HealthCheck(
            path=(group.health_check_path or "/") if over_http else None,
            interval=float(group.health_check_interval_seconds),
            timeout=float(group.health_check_timeout_seconds),
            healthy_threshold=int(group.healthy_threshold_count),
            unhealthy_threshold=int(group.unhealthy_threshold_count),
            port=None if port in {None, "traffic-port"} else int(port),
            codes=_codes(group.matcher.get("HttpCode") or "200") if over_http else (),
        ),
        speed,
    )


def _codes(matcher: str) -> list[tuple[int, int]]:
    parts = [part.partition("-") for part in matcher.split(",")]
    return [(int(first), int(last or first)) for first, _, last in parts]
