"""The servers of a rollout: who is behind its load balancers, and whom an earlier run left outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tasks.aws.instances import Handle, Instance
from tasks.aws.load_balancer import LoadBalancer, Member, Roster, State
from tasks.balancing.absences import Memory
from tasks.running.errors import Refused
from tasks.running.log import Log

# What a rollout signs its absences with, so that it puts back only what it took out itself.
SIGNATURE = "rolling-deploy"

# A server is only as good as the worst that a load balancer says of it.
WORST_FIRST = (State.STUCK, State.LEAVING, State.UNHEALTHY, State.JOINING, State.UNKNOWN, State.SERVING)


class Directory(Protocol):
    """Who knows instances by what load balancers and memories call them."""

    def called(self, handles: Iterable[Handle]) -> Sequence[Instance]:
        """The instances that load balancers call so."""

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
        return self.away or self.state not in (State.STUCK, State.LEAVING, State.OUT)

    @property
    def words(self) -> str:
        if self.instance.state != "running":
            return self.instance.state
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
        leave_unknown: Whether addresses that are no instance's may be left as they are.

    Attributes:
        balancers: The same, once the servers are gathered.
        stopped: Instances that were taken out and are turned off.
        left_out: In words, who is behind the load balancers or was taken out by others, and gets no turn.
    """

    def __init__(
        self,
        asked: Sequence[LoadBalancer],
        directory: Directory,
        memory: Memory,
        through: Callable[[Sequence[Instance]], Sequence[LoadBalancer]] | None = None,
        leave_unknown: bool = False,
    ) -> None:
        self.balancers: Sequence[LoadBalancer] = asked
        self.stopped: list[Instance] = []
        self.left_out: dict[str, str] = {}
        self._asked = asked
        self._directory = directory
        self._memory = memory
        self._through = through or (lambda _: asked)
        self._leave_unknown = leave_unknown
        self._others: dict[str, str] = {}
        self._unknown: dict[str, str] = {}
        self._groups: set[str] = set()
        self._known: dict[str, Instance] = {}
        self._handles: set[Handle] = set()
        self._active: dict[str, Server] = {}

    def __len__(self) -> int:
        return len(self._active)

    @property
    def ids(self) -> set[str]:
        """The ids of those that were active at the last look."""
        return set(self._active)

    def gather(self, log: Log) -> list[Server]:
        """Find the active servers, and those left outside; who is out by others' word is left alone.

        Raises:
            Refused: There is none, or an address behind a load balancer is no instance's.
        """
        rosters = {balancer.address: balancer.roster() for balancer in self._asked}
        self._learn(rosters)
        outside = {balancer.address: self._directory.out_of(balancer.address) for balancer in self._asked}
        for instance in {each.id: each for some in outside.values() for each in some}.values():
            self._memory.learn([instance])
            self._known.setdefault(instance.id, instance)
        log.steps(self._memory.doubts)
        self._reach()
        for balancer in self._asked:
            for instance in outside[balancer.address]:
                self._tell(instance, balancer, log)
        self._active = self._active_now()
        self.refuse_unknown()
        self._say_left_out({}, log)
        if not self._active:
            names = ", ".join(balancer.title for balancer in self._asked)
            raise Refused(f"there is no active server behind {names}", "Register one first")
        return list(self._active.values())

    def look_again(self, log: Log) -> list[Server]:
        """See which servers are active now, and say who came and who went since the last look."""
        left_out = self.left_out
        now = self._active_now()
        if not {server.instance.group for server in now.values()} <= self._groups:
            # A group that had no member here before; another way out, and maybe more to leave.
            self._reach()
            now = self._active_now()
        for key in now.keys() - self._active.keys():
            log.say(f"{now[key].instance.name}: joined meanwhile; it gets its turn as well")
        for key in self._active.keys() - now.keys() - self.left_out.keys():
            log.say(f"{self._active[key].instance.name}: left the load balancer meanwhile; not waited for")
        self._say_left_out(left_out, log)
        self._active = now
        return list(now.values())

    def _reach(self) -> None:
        """Find out which load balancers everyone known leaves and joins, and how."""
        instances = self._instances()
        self.balancers = self._through(instances)
        self._groups = {"", *(each.group for each in instances)}

    def _active_now(self) -> dict[str, Server]:
        servers = self._look()
        active = {each.instance.id: each for each in servers if each.active}
        idle = {
            each.instance.id: f"{each.instance.name} ({each.words})" for each in servers if not each.active
        }
        self.left_out = {key: words for key, words in (self._others | idle).items() if key not in active}
        self.left_out |= self._unknown
        return active

    def _look(self) -> list[Server]:
        """In one call for each load balancer."""
        instances = self._instances()
        rosters = {balancer.address: balancer.roster(*instances) for balancer in self.balancers}
        asked = {balancer.address for balancer in self._asked}
        self._learn({address: rosters[address] for address in asked})
        self._unknown = {
            f"{balancer.address} {member.key}": f"{member.key} in {balancer.name} ({member.words})"
            for balancer in self._asked
            for member in rosters[balancer.address].members
            if self._nobody(member)
        }
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

    def _nobody(self, member: Member) -> bool:
        """Whether it is an address of which nobody knows the instance, if it is one at all."""
        # An id without its instance is of one that was terminated, which its load balancer will notice.
        by_id = member.key.startswith("i-")
        return not by_id and member.state is not State.LEAVING and member.handle not in self._handles

    def refuse_unknown(self) -> None:
        """See that every address is an instance's.

        Raises:
            Refused: One is not, and nobody said that it may be left as it is.
        """
        if self._unknown and not self._leave_unknown:
            names = ", ".join(self._unknown.values())
            are = "is no instance's address" if len(self._unknown) == 1 else "are no instance's addresses"
            raise Refused(
                f"{names} {are}, so the release cannot go there",
                "Deregister it if it is nobody's, or have it left as it is with --leave-unknown",
            )

    def _say_left_out(self, before: Mapping[str, str], log: Log) -> None:
        for key, words in self.left_out.items():
            if key not in before and key not in self._others:
                log.say(f"{words}: left out")

    def _tell(self, instance: Instance, balancer: LoadBalancer, log: Log) -> None:
        if instance.state != "running":
            # Out of two load balancers, it is one server all the same.
            if instance not in self.stopped:
                self.stopped.append(instance)
            log.say(f"{instance.name}: {instance.state}; start it, and run this again for it")
        elif self._ours(instance, balancer):
            log.say(f"{instance.name}: left outside of {balancer.name} by an earlier run")
        else:
            by = self._memory.who(instance, balancer.address) or "another command"
            self._others[instance.id] = f"{instance.name} (taken out by {by})"
            log.say(f"{instance.name}: taken out of {balancer.name} by {by}; it is left alone")

    def _ours(self, instance: Instance, balancer: LoadBalancer) -> bool:
        absence = self._memory.of(instance, balancer)
        return absence is not None and absence.by == SIGNATURE

    def _instances(self) -> list[Instance]:
        return list(self._known.values())

    def _learn(self, rosters: Mapping[str, Roster]) -> None:
        """Find out who the members of these are, where that is not known yet."""
        handles = {member.handle for roster in rosters.values() for member in roster.members}
        if not (unknown := handles - self._handles):
            return
        found = self._directory.called(unknown)
        self._memory.learn(found)
        for instance in found:
            self._known[instance.id] = instance
            self._handles.update(instance.handles)
