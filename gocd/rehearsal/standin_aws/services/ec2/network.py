"""The VPC of a stand-in AWS, with a subnet in each availability zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.machines.loopback import LoopbackNetwork


class Network:
    """The VPC on this machine's loopback network, made through the API when it is first needed."""

    def __init__(self, client: Callable[[str], Any], region: str, loopback: LoopbackNetwork) -> None:
        self.zones = [region + letter for letter in "abc"]
        self._client = client
        self._loopback = loopback
        self._made: dict[str, str] = {}

    @property
    def vpc(self) -> str:
        """Its id."""
        if not self._made:
            ec2, loopback = self._client("ec2"), self._loopback
            self._made["vpc"] = ec2.create_vpc(CidrBlock=loopback.cidr)["Vpc"]["VpcId"]
            for index, zone in enumerate(self.zones):
                subnet = ec2.create_subnet(
                    VpcId=self._made["vpc"], CidrBlock=loopback.zone_cidr(index), AvailabilityZone=zone
                )
                self._made[zone] = subnet["Subnet"]["SubnetId"]
        return self._made["vpc"]

    def subnet(self, zone: str) -> str:
        """Give the id of a zone's subnet.

        Raises:
            GoCDError: there is no such zone.
        """
        if zone not in self.zones or not self.vpc:
            raise GoCDError(f"the stand-in AWS has the zones {', '.join(self.zones)}, and not {zone}")
        return self._made[zone]

    def forget(self) -> None:
        """Make everything anew when it is next needed."""
        self._made.clear()
