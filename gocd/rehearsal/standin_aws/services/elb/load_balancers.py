"""Application and Network Load Balancers where AWS and moto differ, and the doors they open.

Source: Elastic Load Balancing API reference (v2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from moto.elbv2.exceptions import (
    ActionTargetGroupNotFoundError,
    DuplicateLoadBalancerName,
    LoadBalancerNotFoundError,
    TargetGroupNotFoundError,
    ValidationError,
)
from moto.elbv2.models import ELBv2Backend

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.data.pools import IDLE, Door, Share
from gocd.rehearsal.standin_aws.services.elb import quic
from gocd.rehearsal.standin_aws.services.elb.target_group_settings import (
    CONNECTION_TERMINATION,
    CROSS_ZONE,
    IDLE_TIMEOUT,
    crosses_zones,
    load_balancers_of,
    pool_name,
    sends_requests,
)

_DELAY = "deregistration_delay.timeout_seconds"


class LoadBalancers:
    """Corrections around load balancers, listeners and the settings of target groups."""

    def __init__(self) -> None:
        self._create = ELBv2Backend.create_load_balancer
        self._describe_groups = ELBv2Backend.describe_target_groups
        self._create_group = ELBv2Backend.create_target_group
        self._modify_attributes = ELBv2Backend.modify_target_group_attributes
        self._create_listener = ELBv2Backend.create_listener
        self._modify_listener = ELBv2Backend.modify_listener

    def corrections(self) -> Iterator[Correction]:
        yield Correction(ELBv2Backend, "create_load_balancer", self.create_load_balancer)
        yield Correction(ELBv2Backend, "describe_load_balancers", self.describe_load_balancers)
        yield Correction(ELBv2Backend, "create_target_group", self.create_target_group)
        yield Correction(ELBv2Backend, "describe_target_groups", self.describe_target_groups)
        yield Correction(ELBv2Backend, "modify_target_group_attributes", self.modify_target_group_attributes)
        yield Correction(ELBv2Backend, "create_listener", self.create_listener)
        yield Correction(ELBv2Backend, "modify_listener", self.modify_listener)

    def create_load_balancer(self, backend: Any, name: str, *arguments: Any, **named: Any) -> Any:
        """CreateLoadBalancer: one name once; a Network Load Balancer's ARN says so."""
        if any(balancer.name == name for balancer in backend.load_balancers.values()):
            raise DuplicateLoadBalancerName
        balancer: Any = self._create(backend, name, *arguments, **named)
        if balancer.type == "application":
            balancer.attrs |= {CROSS_ZONE: "true", IDLE_TIMEOUT: f"{IDLE:.0f}"}
        elif balancer.type == "network":
            del backend.load_balancers[balancer.arn]
            balancer.arn = balancer.arn.replace(":loadbalancer/app/", ":loadbalancer/net/")
            backend.load_balancers[balancer.arn] = balancer
            backend.tagging_service.tag_resource(balancer.arn, named.get("tags"))
        return balancer

    def describe_load_balancers(
        self, backend: Any, arns: Sequence[str] | None, names: Sequence[str] | None
    ) -> list[Any]:
        """DescribeLoadBalancers: an unknown name is an error even beside a known one."""
        balancers = list(backend.load_balancers.values())
        for balancer in balancers:
            balancer.activate()
        if unknown := [arn for arn in arns or [] if arn not in backend.load_balancers]:
            raise LoadBalancerNotFoundError(f"Load balancer '{unknown[0]}' not found")
        known = {balancer.name for balancer in balancers}
        if unknown := [name for name in names or [] if name not in known]:
            raise LoadBalancerNotFoundError(f"Load balancers '[{', '.join(unknown)}]' not found")
        wanted = {*(arns or []), *(names or [])}
        return [each for each in balancers if not wanted or wanted & {each.arn, each.name}]

    def create_target_group(self, backend: Any, name: str, **named: Any) -> Any:
        """CreateTargetGroup: a Network Load Balancer's ends connections with the delay only if it has none.

        Source: Network Load Balancers guide, Edit target group attributes.
        """
        group = quic.create_target_group(self._create_group, backend, name, **named)
        if group.protocol and not sends_requests(group):
            without = group.protocol in {"UDP", "TCP_UDP", *quic.PROTOCOLS}
            group.attributes[CONNECTION_TERMINATION] = str(without).lower()
        return group

    def describe_target_groups(
        self,
        backend: Any,
        load_balancer_arn: str | None,
        target_group_arns: list[str],
        names: list[str] | None,
    ) -> Any:
        """DescribeTargetGroups: with the load balancers that use each group now."""
        for group in backend.target_groups.values():
            group.load_balancer_arns = load_balancers_of(backend, group.arn)
        try:
            return self._describe_groups(backend, load_balancer_arn, target_group_arns, names)
        except TargetGroupNotFoundError:
            # A load balancer that forwards nowhere has no target groups, which is not an error.
            if load_balancer_arn:
                return []
            raise

    def modify_target_group_attributes(self, backend: Any, arn: str, attributes: dict[str, Any]) -> None:
        """ModifyTargetGroupAttributes: a deregistration delay is 0 to 3600 seconds, both included."""
        delay = attributes.get(_DELAY)
        if delay is not None and not (str(delay).isdigit() and int(delay) <= 3600):
            raise ValidationError(f"'{_DELAY}' value '{delay}' must be between '0-3600' inclusive")
        self._modify_attributes(backend, arn, {k: v for k, v in attributes.items() if k != _DELAY})
        if delay is not None:
            backend.target_groups[arn].attributes[_DELAY] = delay

    def create_listener(self, backend: Any, *arguments: Any, **named: Any) -> Any:
        """CreateListener: two listeners of one load balancer have two ports."""
        _validate_weights(backend, named["actions"])
        return self._create_listener(backend, *arguments, **named)

    def modify_listener(self, backend: Any, arn: str, *arguments: Any, **named: Any) -> Any:
        """ModifyListener: forwards to target groups that exist, with weights of 0 to 999."""
        _validate_weights(backend, arguments[-1] if arguments else named.get("actions"))
        return self._modify_listener(backend, arn, *arguments, **named)


def doors(backend: Any) -> Iterator[tuple[str, Door]]:
    """Give the load balancer and the door of every listener that forwards."""
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            forwards = [
                (backend.target_groups[arn], weight)
                for action in listener.default_actions
                if action.type == "forward"
                for arn, weight in _forwards(action.data)
                if arn in backend.target_groups
            ]
            zones = [zone.zone_name for zone in balancer.availability_zones]
            pools = [share for group, weight in forwards for share in _shares(group, weight, zones)]
            protocol = "http" if balancer.type == "application" else "tcp"
            # A TCP proxy without a cluster cannot be described: such a door stays shut.
            if protocol == "http" or any(each.weight for each in pools):
                yield balancer.arn, Door("-".join(listener.arn.split("/")[-3:]), protocol, pools)


def _shares(group: Any, weight: int, zones: Sequence[str]) -> Iterator[Share]:
    """Clients are spread evenly over the zones; whether these serve each other or not."""
    if crosses_zones(group):
        yield Share(pool_name(group), weight * len(zones))
    else:
        yield from (Share(pool_name(group), weight, zone) for zone in zones)


def _forwards(action: dict[str, Any]) -> list[tuple[str, int]]:
    weighted = action.get("ForwardConfig", {}).get("TargetGroups", [])
    if weighted:
        return [(each["TargetGroupArn"], int(each.get("Weight", 1))) for each in weighted]
    return [(action["TargetGroupArn"], 1)]


def _validate_weights(backend: Any, actions: Sequence[dict[str, Any]] | None) -> None:
    for action in actions or []:
        if action.get("Type") != "forward":
            continue
        for arn, weight in _forwards(action):
            if arn not in backend.target_groups:
                raise ActionTargetGroupNotFoundError(arn)
            if not 0 <= weight <= 999:
                raise ValidationError(f"Weight '{weight}' must be between 0 and 999 inclusive")
