"""The other instances behind a load balancer, by name; asked for only when a message needs them."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from tasks.aws import instances
from tasks.aws.connect import Aws
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.absences import PREFIX


class Neighbours(Protocol):
    def names(self, keys: Iterable[str]) -> Mapping[str, str]:
        """People's names for instance ids and private IPs."""

    def away_from(self, balancer: LoadBalancer) -> list[str]:
        """The names of those that were taken out of *balancer* and not put back."""


class AwsNeighbours:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def names(self, keys: Iterable[str]) -> Mapping[str, str]:
        return instances.names(self._aws, keys)

    def away_from(self, balancer: LoadBalancer) -> list[str]:
        return sorted(each.name for each in instances.tagged(self._aws, PREFIX + balancer.address))
