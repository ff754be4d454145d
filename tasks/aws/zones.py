"""The zones of a load balancer's members, asked for once each."""

from collections.abc import Iterable
from dataclasses import replace

from tasks.aws import instances
from tasks.aws.api import Aws
from tasks.aws.load_balancer import Member


class Zones:
    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._known: dict[str, str] = {}

    def fill(self, members: Iterable[Member]) -> list[Member]:
        """Give each member that has none the zone of its instance."""
        members = list(members)
        unknown = [
            member.key
            for member in members
            # AWS itself tells the zone of an address.
            if not member.vpc and not member.zone and member.key not in self._known
        ]
        if unknown:
            self._known |= instances.zones(self._aws, unknown)
        return [replace(each, zone=each.zone or self._known.get(each.key, "")) for each in members]
