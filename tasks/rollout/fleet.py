"""The servers of a rollout: who is behind its load balancers, and whom an earlier run left outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, State
from tasks.balancing.absences import Memory
from tasks.running.errors import Refused
from tasks.running.log import Log

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
    def active(self) -> bool:
        """Whether it can be deployed to."""
        if self.instance.state != "running":
            return False
        return self.away or self.state in (State.SERVING, State.UNHEALTHY, State.JOINING)

    @property
    def words(self) -> str:
        if self.away:
            return "left outside by an earlier run"
        worst = [each.words for each in self.members.values() if each.state is self.state]
        return worst[0] if worst else self.state.value

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
        through: From the first instances found, the load balancers that they leave and join, which may be
            more than those asked for, and in another way than by registering.

    Attributes:
        balancers: The same, once the servers are gathered.
        stopped: Instances that were taken out and are turned off.
    """

    def __init__(
        self,
        asked: Sequence[LoadBalancer],
        directory: Directory,
        memory: Memory,
        through: Callable[[Sequence[Instance]], Sequence[LoadBalancer]] | None = None,
    ) -> None:
        self.balancers: Sequence[LoadBalancer] = asked
        self.stopped: list[Instance] = []
        self._asked = asked
        self._directory = directory
        self._memory = memory
        self._through = through or (lambda _: asked)
        self._groups: set[str] = set()
        self._known: dict[str, Instance] = {}
        self._active: dict[str, Server] = {}

    def __len__(self) -> int:
        return len(self._active)

    def gather(self, log: Log) -> list[Server]:
        """Find the active servers, and those left outside; who was taken out by hand is left alone, in words.

        Raises:
            Refused: There is none.
        """
        keys = {member.key for balancer in self._asked for member in balancer.roster().members}
        self._learn(keys)
        outside = {balancer.address: self._directory.out_of(balancer.address) for balancer in self._asked}
        for instance in {each.id: each for some in outside.values() for each in some}.values():
            self._memory.learn([instance])
            self._known.setdefault(instance.id, instance)
        self._reach()
        for balancer in self._asked:
            for instance in outside[balancer.address]:
                self._tell(instance, balancer, log)
        self._active = self._active_now()
        if not self._active:
            names = ", ".join(balancer.title for balancer in self._asked)
            raise Refused(f"there is no active server behind {names}", "Register one first")
        return list(self._active.values())

    def look_again(self, log: Log) -> list[Server]:
        """See which servers are active now, and say who came and who went since the last look."""
        now = self._active_now()
        if not {server.instance.group for server in now.values()} <= self._groups:
            # A group that had no member here before; another way out, and maybe more to leave.
            self._reach()
            now = self._active_now()
        for key in now.keys() - self._active.keys():
            log.say(f"{now[key].instance.name}: joined meanwhile; it gets its turn as well")
        for key in self._active.keys() - now.keys():
            log.say(f"{self._active[key].instance.name}: left the load balancer meanwhile; not waited for")
        self._active = now
        return list(now.values())

    def _reach(self) -> None:
        """Find out which load balancers everyone known leaves and joins, and how."""
        instances = self._instances()
        self.balancers = self._through(instances)
        self._groups = {"", *(each.group for each in instances)}

    def _active_now(self) -> dict[str, Server]:
        return {each.instance.id: each for each in self._look() if each.active}

    def _look(self) -> list[Server]:
        """In one call for each load balancer."""
        instances = self._instances()
        rosters = {balancer.address: balancer.roster(*instances) for balancer in self.balancers}
        asked = {balancer.address for balancer in self._asked}
        self._learn({member.key for address in asked for member in rosters[address].members})
        servers = []
        for instance in self._instances():
            members = {
                address: member
                for address, roster in rosters.items()
                if (member := roster.of(instance)).state is not State.OUT
            }
            left = frozenset(each.address for each in self.balancers if self._ours(instance, each))
            if left or asked & set(members):
                servers.append(Server(instance, members, left))
        return servers

    def balancers_of(self, server: Server) -> list[LoadBalancer]:
        """The load balancers that *server* belongs behind."""
        return [balancer for balancer in self.balancers if balancer.address in server.places]

    def _tell(self, instance: Instance, balancer: LoadBalancer, log: Log) -> None:
        if instance.state != "running":
            # Out of two load balancers, it is one server all the same.
            if instance not in self.stopped:
                self.stopped.append(instance)
            log.say(f"{instance.name}: {instance.state}; start it, and run this again for it")
        elif self._ours(instance, balancer):
            log.say(f"{instance.name}: left outside of {balancer.name} by an earlier run")
        else:
            log.say(f"{instance.name}: taken out of {balancer.name} by hand; it is left alone")

    def _ours(self, instance: Instance, balancer: LoadBalancer) -> bool:
        absence = self._memory.of(instance, balancer)
        return absence is not None and absence.by == SIGNATURE

    def _instances(self) -> list[Instance]:
        return list({each.id: each for each in self._known.values()}.values())

    def _learn(self, keys: set[str]) -> None:
        if not (unknown := keys - set(self._known)):
            return
        found = self._directory.named(unknown)
        self._memory.learn(found)
        for instance in found:
            self._known[instance.id] = instance
            if instance.private_ip in unknown:
                self._known[instance.private_ip] = instance
