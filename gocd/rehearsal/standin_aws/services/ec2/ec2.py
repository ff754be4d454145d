"""EC2 as AWS runs it: instances come and go as what runs on them does."""

from __future__ import annotations

from collections.abc import Iterator

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.ec2.machine_images import MachineImages
from gocd.rehearsal.standin_aws.services.ec2.network_interfaces import NetworkInterfaces
from gocd.rehearsal.standin_aws.services.ec2.power import Power


class ElasticCompute:
    """Instances, and no images."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._power = Power(instances)
        self._images = MachineImages()
        self._interfaces = NetworkInterfaces()

    def corrections(self) -> Iterator[Correction]:
        yield from self._power.corrections()
        yield from self._images.corrections()
        yield from self._interfaces.corrections()

    def advance(self) -> None:
        """Have what runs on each instance follow its state."""
        self._instances.follow()

    def forget(self) -> None:
        """Nothing: the instances are forgotten when all has ended that runs on them."""
