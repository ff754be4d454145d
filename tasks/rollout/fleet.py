"""The servers of a rollout: who is behind its load balancers, and whom an earlier run left outside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, State
from tasks.batch import Batch
from tasks.log import Log
from tasks.memory import Memory

# What a rollout signs its absences with, so that it puts back only what it took out itself.
SIGNATURE = "rolling-deploy"

# A server is only as good as the worst that a load balancer says of it.
WORST_FIRST = (State.STUCK, State.LEAVING, State.UNHEALTHY, State.JOINING, State.SERVING)


class Directory(Protocol):
    """Who knows instances by what load balancers and memories call them."""

    def named(self, keys: Iterable[str]) -> Sequence[Instance]:
        """The instances with these ids or private IPs."""

    def out_of(self, address: str) -> Sequence[Instance]:
        """The instances that were taken out of a load balancer and not put back."""


@dataclass(frozen=True)
class Server:
    """One server, as one look at all load balancers shows it.

    Args:
        members: What each load balancer that has it says of it, by address.
        left: The load balancers that an interrupted rollout took it out of.
    """

    instance: Instance
    members: Mapping[str, Member]
    left: frozenset[str] = frozenset()

    @property
    def away(self) -> bool:
        return bool(self.left)

    @property
    def state(self) -> State:
        states = {member.state for member in self.members.values()}
        return next((state for state in WORST_FIRST if state in states), State.OUT)

    @property
    def places(self) -> frozenset[str]:
        """The load balancers that it belongs behind."""
        return self.left | frozenset(self.members)


class Fleet:
    """Everyone behind some load balancers.

    Args:
        asked: Whoever is behind one of these is of the fleet.
        balancers: These, and others that servers leave with them.
    """

    def __init__(
        self,
        asked: Sequence[LoadBalancer],
        balancers: Sequence[LoadBalancer],
        directory: Directory,
        memory: Memory,
    ) -> None:
        self.balancers = balancers
        self._asked = {balancer.address for balancer in asked}
        self._directory = directory
        self._memory = memory
        self._known: dict[str, Instance] = {}
        self._off: dict[str, Instance] = {}

    @property
    def stopped(self) -> list[Instance]:
        """Those that were taken out and are turned off."""
        return list(self._off.values())

    def look(self) -> list[Server]:
        """See who is there now, in one call for each load balancer."""
        everyone = {balancer.address: balancer.roster(*self._returning()) for balancer in self.balancers}
        keys = {member.key for address in self._asked for member in everyone[address].members}
        self._learn(keys)
        servers = []
        for instance in {each.id: each for each in self._known.values()}.values():
            members = {
                address: member
                for address, roster in everyone.items()
                if (member := roster.of(instance)).state is not State.OUT
            }
            left = frozenset(
                balancer.address
                for balancer in self.balancers
                if (absence := self._memory.of(instance, balancer)) and absence.by == SIGNATURE
            )
            if left or self._asked & set(members):
                servers.append(Server(instance, members, left))
        return servers

    def find_left_outside(self, log: Log) -> None:
        """Learn of those that are out, by their tags; who was taken out by hand is left alone, in words."""
        for balancer in self.balancers:
            for instance in self._directory.out_of(balancer.address):
                self._memory.learn([instance])
                absence = self._memory.of(instance, balancer)
                if absence and instance.state != "running":
                    self._off[instance.id] = instance
                    log.say(f"{instance.name}: {instance.state}; start it, and run this again for it")
                elif absence and absence.by == SIGNATURE:
                    self._known[instance.id] = instance
                    log.say(f"{instance.name}: left outside of {balancer.name} by an earlier run")
                elif absence and balancer.address in self._asked:
                    log.say(f"{instance.name}: taken out of {balancer.name} by hand; it is left alone")

    def balancers_of(self, batch: Batch, servers: Mapping[str, Server]) -> list[tuple[Batch, list[LoadBalancer]]]:
        """Part *batch* by the load balancers that its servers belong behind; mostly all the same."""
        parts: dict[frozenset[str], list[Instance]] = {}
        for instance in batch:
            parts.setdefault(servers[instance.id].places, []).append(instance)
        return [
            (Batch(tuple(some)), [each for each in self.balancers if each.address in places])
            for places, some in parts.items()
        ]

    def _returning(self) -> list[Instance]:
        return list({each.id: each for each in self._known.values()}.values())

    def _learn(self, keys: set[str]) -> None:
        unknown = keys - set(self._known)
        found = list(self._directory.named(unknown)) if unknown else []
        self._memory.learn(found)
        for instance in found:
            self._known[instance.id] = instance
            if instance.private_ip in unknown:
                self._known[instance.private_ip] = instance
