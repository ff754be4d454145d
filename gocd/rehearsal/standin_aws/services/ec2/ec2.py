"""EC2 as AWS runs it: instances come and go as what runs on them does."""

from __future__ import annotations

from collections.abc import Iterator

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.ec2.boots import Boots
from gocd.rehearsal.standin_aws.services.ec2.machine_images import MachineImages
from gocd.rehearsal.standin_aws.services.ec2.network_interfaces import NetworkInterfaces
from gocd.rehearsal.standin_aws.services.ec2.power import Power


class ElasticCompute:
    """Instances, and no images but those that are registered.

    Attributes:
        boots: What is in those images.
    """

    def __init__(self, instances: Instances, region: str) -> None:
        self.boots = Boots(instances, region)
        self._instances = instances
        self._power = Power(instances)
        self._images = MachineImages()
        self._interfaces = NetworkInterfaces()

    def corrections(self) -> Iterator[Correction]:
        yield from self._power.corrections()
        yield from self._images.corrections()
        yield from self._interfaces.corrections()

    def advance(self) -> None:
        """Have what runs on each instance follow its state, and what was launched boot."""
        self._instances.follow()
        self.boots.advance()

    def forget(self) -> None:
        """Forget what is in images; the instances are forgotten when all has ended that runs on them."""
        self.boots.forget()
