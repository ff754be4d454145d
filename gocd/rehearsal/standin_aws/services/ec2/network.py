"""The VPC of a stand-in AWS, with a subnet in each availability zone."""

from __future__ import annotations

from typing import Any

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.machines.loopback import LoopbackNetwork


class Network:
    """The VPC on this machine's loopback network, made when it is first needed.

    Every world needs it and instances in it, so they are made in moto and not through the API, which takes
    eight times as long.
    """

    def __init__(self, region: str, loopback: LoopbackNetwork) -> None:
        self.zones = [region + letter for letter in "abc"]
        self._region = region
        self._loopback = loopback
        self._made: dict[str, str] = {}

    @property
    def _ec2(self) -> Any:
        from moto.ec2.models import ec2_backends  # noqa: PLC0415 - moto is slow to import

        return ec2_backends[ACCOUNT][self._region]

    @property
    def vpc(self) -> str:
        """Its id."""
        if not self._made:
            ec2 = self._ec2
            self._made["vpc"] = ec2.create_vpc(self._loopback.cidr).id
            for index, zone in enumerate(self.zones):
                subnet = ec2.create_subnet(
                    self._made["vpc"], self._loopback.zone_cidr(index), availability_zone=zone
                )
                self._made[zone] = subnet.id
        return self._made["vpc"]

    def twin(self) -> Network:
        """Give another VPC on the same private range, as separate VPCs may have."""
        return Network(self._region, self._loopback)

    def outside(self, number: int) -> str:
        """Give an address of this machine that is in no subnet of any VPC."""
        return f"127.{self._loopback.number}.192.{number}"

    def subnet(self, zone: str) -> str:
        """Give the id of a zone's subnet.

        Raises:
            GoCDError: there is no such zone.
        """
        if zone not in self.zones or not self.vpc:
            raise GoCDError(f"the stand-in AWS has the zones {', '.join(self.zones)}, and not {zone}")
        return self._made[zone]

    def launch(self, name: str, zone: str) -> tuple[str, str]:
        """Launch an instance with this Name tag; gives its id and its address.

        Raises:
            GoCDError: there is no such zone.
        """
        [launched] = self._ec2.run_instances(
            image_id="ami-12c6146b",
            count=1,
            user_data=None,
            security_group_names=[],
            instance_type="t3.micro",
            is_instance_type_default=True,
            region_name=self._region,
            subnet_id=self.subnet(zone),
            tags={"instance": {"Name": name}},
            associate_public_ip=None,
        ).instances
        return launched.id, launched.private_ip

    def forget(self) -> None:
        """Make everything anew when it is next needed."""
        self._made.clear()
