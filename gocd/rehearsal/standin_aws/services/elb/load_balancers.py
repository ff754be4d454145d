"""Application and Network Load Balancers, and their target groups, where AWS and moto differ.

Source: Elastic Load Balancing API reference (v2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from moto.elbv2.exceptions import (
    DuplicateLoadBalancerName,
    LoadBalancerNotFoundError,
    TargetGroupNotFoundError,
    ValidationError,
)
from moto.elbv2.models import ELBv2Backend

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.data.pools import IDLE
from gocd.rehearsal.standin_aws.services.elb import quic
from gocd.rehearsal.standin_aws.services.elb.actions import check_own_stickiness, weighted_without_stickiness
from gocd.rehearsal.standin_aws.services.elb.names import zone_of
from gocd.rehearsal.standin_aws.services.elb.target_group_settings import (
    CONNECTION_TERMINATION,
    CROSS_ZONE,
    IDLE_TIMEOUT,
    load_balancers_of,
    sends_requests,
)

_DELAY = "deregistration_delay.timeout_seconds"


class LoadBalancers:
    """Corrections around load balancers and the settings of target groups."""

    def __init__(self) -> None:
        self._create = ELBv2Backend.create_load_balancer
        self._describe_groups = ELBv2Backend.describe_target_groups
        self._create_group = ELBv2Backend.create_target_group
        self._modify_attributes = ELBv2Backend.modify_target_group_attributes

    def corrections(self) -> Iterator[Correction]:
        yield Correction(ELBv2Backend, "create_load_balancer", self.create_load_balancer)
        yield Correction(ELBv2Backend, "describe_load_balancers", self.describe_load_balancers)
        yield Correction(ELBv2Backend, "create_target_group", self.create_target_group)
        yield Correction(ELBv2Backend, "describe_target_groups", self.describe_target_groups)
        yield Correction(ELBv2Backend, "modify_target_group_attributes", self.modify_target_group_attributes)

    def create_load_balancer(self, backend: Any, name: str, *arguments: Any, **named: Any) -> Any:
        """CreateLoadBalancer: one name once; a Network Load Balancer's ARN says so."""
        if any(balancer.name == name for balancer in backend.load_balancers.values()):
            raise DuplicateLoadBalancerName
        balancer: Any = self._create(backend, name, *arguments, **named)
        balancer.canonical_hosted_zone_id = zone_of(balancer.type)
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
        """ModifyTargetGroupAttributes: a deregistration delay is 0 to 3600 seconds, both included.

        Sticky targets are none for a group that shares a rule which keeps nobody with its group.
        """
        if arn in backend.target_groups and any(weighted_without_stickiness(backend, arn)):
            check_own_stickiness(backend.target_groups[arn], attributes)
        delay = attributes.get(_DELAY)
        if delay is not None and not (str(delay).isdigit() and int(delay) <= 3600):
            raise ValidationError(f"'{_DELAY}' value '{delay}' must be between '0-3600' inclusive")
        self._modify_attributes(backend, arn, {k: v for k, v in attributes.items() if k != _DELAY})
        if delay is not None:
            backend.target_groups[arn].attributes[_DELAY] = delay
