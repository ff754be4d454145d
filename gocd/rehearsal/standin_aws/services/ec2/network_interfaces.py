"""Instances found by every address of their network interfaces, as DescribeInstances can and moto cannot.

Source: Amazon EC2 API reference, DescribeInstances: ``network-interface.addresses.private-ip-address``
filters by the primary and the secondary addresses of every interface.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.ec2.models.instances import InstanceBackend

from gocd.rehearsal.standin_aws.control.corrections import Correction

_IPV4 = "network-interface.addresses.private-ip-address"
_IPV6 = "network-interface.ipv6-addresses.ipv6-address"


class NetworkInterfaces:
    """The correction that adds those filters."""

    def __init__(self) -> None:
        self._all = InstanceBackend.all_reservations

    def corrections(self) -> Iterator[Correction]:
        yield Correction(InstanceBackend, "all_reservations", self.all_reservations)

    def all_reservations(self, backend: Any, filters: Mapping[str, Sequence[str]] | None = None) -> Any:
        """DescribeInstances without ids: what all filters let pass."""
        left = dict(filters or {})
        ours = {name: set(left.pop(name)) for name in (_IPV4, _IPV6) if name in left}
        reservations: Any = self._all(backend, left)
        if not ours:
            return reservations
        for each in reservations:
            each.instances = [
                instance
                for instance in each.instances
                if all(wanted & set(_addresses(instance, name)) for name, wanted in ours.items())
            ]
        return [each for each in reservations if each.instances]


def interface_of(backend: Any, vpc: str, address: str) -> Any:
    """Give moto's record of the interface that has an address in a VPC; none if none has."""
    return next(
        (
            each
            for each in backend.enis.values()
            if each.vpc_id == vpc
            and (
                address in each.ipv6_addresses
                or any(one.get("PrivateIpAddress") == address for one in each.private_ip_addresses)
            )
        ),
        None,
    )


def _addresses(instance: Any, name: str) -> Iterator[str]:
    for interface in instance.nics.values():
        if name == _IPV6:
            yield from interface.ipv6_addresses
        else:
            yield from (each["PrivateIpAddress"] for each in interface.private_ip_addresses)
