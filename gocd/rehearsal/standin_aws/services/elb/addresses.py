"""Targets that are IP addresses: which may be registered, in which zone they are, and who answers there.

Sources: Elastic Load Balancing API reference (v2), TargetDescription. The refusals are in the words that
users met: kubernetes-sigs/aws-load-balancer-controller issues 561, 3084 and 3714, the last of which shows
that AWS goes by the subnets of the VPC and not by its CIDR blocks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.exceptions import ValidationError

from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.ec2.network_interfaces import interface_of

EVERYWHERE = "all"


class Addresses:
    """Addresses as a target group's VPC has them."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances

    def zone(self, group: Any, target: Mapping[str, Any]) -> str:
        """Give the zone that a target is registered in: found by its subnet, else what was said.

        Raises:
            ValidationError: it is no address, or its zone is missing or not its own.
        """
        address, told = str(target["Id"]), str(target.get("AvailabilityZone") or "")
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            raise ValidationError(f"'{address}' is not a valid IP address") from None
        subnets = [each for each in _ec2(group).describe_subnets() if each.vpc_id == group.vpc_id]
        inside = [
            each.availability_zone for each in subnets if known in ipaddress.ip_network(each.cidr_block)
        ]
        if interface := interface_of(_ec2(group), group.vpc_id, address):
            inside = [interface.availability_zone]
        if inside and told not in {"", inside[0]}:
            raise ValidationError(
                f"The IP address '{address}' is within the VPC, and cannot have its Availability Zone "
                f"overridden to '{told}' from '{inside[0]}'"
            )
        if inside:
            return str(inside[0])
        if not told:
            raise ValidationError(
                f"The Availability Zone is required for IP address '{address}' because it is not in the VPC"
            )
        if told not in {EVERYWHERE, *(each.availability_zone for each in subnets)}:
            raise ValidationError(
                f"You must specify a valid Availability Zone or select '{EVERYWHERE}' for all enabled "
                f"Availability zones, since the IP address '{address}' is outside the VPC"
            )
        return told

    def instance(self, group: Any, address: str) -> str:
        """Give the id of the instance that has an address in a group's VPC; empty if none has."""
        interface = interface_of(_ec2(group), group.vpc_id, address)
        return str(interface.instance.id) if interface and interface.instance else ""

    def answering(self, group: Any, address: str) -> str:
        """Give the address of this machine at which an address of a group's VPC is answered."""
        instance = self.instance(group, address)
        return self._instances.address(instance) if instance else address


def _ec2(group: Any) -> Any:
    return ec2_backends[group.account_id][group.region_name]
