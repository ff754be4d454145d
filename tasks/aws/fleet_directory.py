"""The instances of a fleet in EC2: who they are, and turning one off."""

from collections.abc import Iterable

from tasks.aws import instances
from tasks.aws.api import Aws
from tasks.aws.instances import GONE, Handle, Instance


class FleetDirectory:
    """Instances by what load balancers and memories call them.

    Args:
        prefix: What the key of a memory's tag begins with, before the load balancer's address.
    """

    def __init__(self, aws: Aws, prefix: str) -> None:
        self._aws = aws
        self._prefix = prefix

    def called(self, handles: Iterable[Handle]) -> list[Instance]:
        """The instances that load balancers call so, but for those that are gone."""
        return instances.find_called(self._aws, handles)

    def out_of(self, address: str) -> list[Instance]:
        """The instances that were taken out of a load balancer and not put back."""
        return instances.tagged(self._aws, self._prefix + address)


class Machines:
    """Turns instances off."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def stop(self, instance: Instance) -> None:
        """Order the shutdown of its operating system, which keeps its disks; safe to repeat."""
        self._aws.call("ec2", "stop_instances", instance.name, InstanceIds=[instance.id])

    def stopped(self, instance: Instance) -> bool:
        found = instances.find_all(self._aws, [instance.id])
        return not found or found[0].state in {"stopped", *GONE}
