"""What the tasks ask of a load balancer, of either generation, in a deployment's own words."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Protocol

from tasks.aws.instances import Handle, Instance, plain
from tasks.aws.metrics import MetricSource
from tasks.aws.target import Port
from tasks.running.errors import Refused


class State(Enum):
    """How a load balancer regards one instance."""

    SERVING = "healthy"
    JOINING = "initial"
    UNHEALTHY = "unhealthy"
    LEAVING = "draining"
    UNKNOWN = "unavailable"
    """Whether it serves cannot be told at the moment."""
    STUCK = "unused"
    """Registered, but it cannot serve however long one waits."""
    OUT = "not registered"


# Who is healthy as one of several targets is sent requests, and who is on its way out as one only has still
# to leave as the others.
BEST_FIRST = (State.SERVING, State.UNKNOWN, State.JOINING, State.UNHEALTHY, State.STUCK, State.LEAVING)


@dataclass(frozen=True)
class Member:
    """One instance in a load balancer.

    Args:
        key: The instance's id, or an address of it where it is registered by that.
        reason: The load balancer's own reason, empty if it gave none.
        ports: The ports it is registered on; empty where the load balancer has none of its own.
        zone: Its Availability Zone, where the load balancer counts by zone, else empty.
        takes_back: Whether it can be registered again at once, should it be draining.
        states: How each of its ports is regarded, in their order, if not all are in *state*.
        shifted: Whether it gets no requests, healthy as it is, while traffic is led away from its zone.
        vpc: The VPC that *key* is an address in; empty if it is an id, or if nobody knows.
    """

    key: str
    state: State
    reason: str = ""
    ports: tuple[Port, ...] = ()
    zone: str = ""
    takes_back: bool = True
    states: tuple[State, ...] = ()
    shifted: bool = False
    vpc: str = ""

    @cached_property
    def handle(self) -> Handle:
        return Handle(self.vpc, plain(self.key))

    @property
    def words(self) -> str:
        ports: dict[State, list[str]] = {}
        for port, state in zip(self.ports, self.states, strict=False):
            ports.setdefault(state, []).append(str(port))
        each = [f"{state.value} on {' and '.join(some)}" for state, some in ports.items()]
        regarded = ", ".join(each) or self.state.value
        if self.shifted:
            regarded += ", without traffic during a zonal shift"
        return f"{regarded}: {self.reason}" if self.reason else regarded

    @property
    def targets(self) -> tuple[State, ...]:
        """The state of everything that the load balancer counts it as."""
        return self.states or (self.state,) * max(1, len(self.ports))

    def of_ports(self, *states: State) -> tuple[Port, ...]:
        """The ports that are in one of these states."""
        regarded = zip(self.ports, self.targets, strict=False)
        return tuple(port for port, state in regarded if state in states)

    def wholly(self, state: State) -> "Member":
        """The same, were it in that state on all of its ports."""
        return replace(self, state=state, states=())


@dataclass(frozen=True)
class Roster:
    """Everyone in a load balancer, seen in one look."""

    members: tuple[Member, ...]

    def of(self, instance: Instance) -> Member:
        """What is said of an instance, by whatever it is called here."""
        members = self.all_of(instance)
        return together(members) if members else Member(instance.id, State.OUT)

    def all_of(self, instance: Instance) -> list[Member]:
        """The same for each address that it is registered by."""
        return [self._by_handle[each] for each in instance.handles if each in self._by_handle]

    @cached_property
    def _by_handle(self) -> dict[Handle, Member]:
        return {member.handle: member for member in self.members}


def together(members: Sequence[Member]) -> Member:
    """Return one that is all of these: as good as the best, with the reason of the worst."""
    if len(members) == 1:
        return members[0]
    states = tuple(state for member in members for state in member.targets)
    return replace(
        members[0],
        state=min(states, key=BEST_FIRST.index),
        reason=max(members, key=lambda member: BEST_FIRST.index(member.state)).reason,
        ports=tuple(port for member in members for port in member.ports),
        takes_back=all(member.takes_back for member in members),
        states=states if len(set(states)) > 1 else (),
        shifted=all(member.shifted for member in members),
    )


@dataclass(frozen=True)
class Place:
    """An instance and the ports that it has, or shall have, in a load balancer; none for its own."""

    instance: Instance
    ports: tuple[Port, ...] = ()


@dataclass(frozen=True)
class Threshold:
    """How many targets must be healthy; of a count and a percentage whichever is more.

    Source: AWS, application/target-group-health: "when either threshold is breached".
    """

    count: int = 0
    percent: int = 0

    def of(self, total: int) -> int:
        return max(self.count, math.ceil(total * self.percent / 100))


NEVER = Threshold()


@dataclass(frozen=True)
class Settings:
    """What a load balancer's own settings mean for a deployment.

    Args:
        drain: Seconds that requests in flight get after a deregistration.
        tells_idle: Whether it says so when they are all answered before that.
        drained_within: Seconds after which a drain has certainly ended.
        healthy_within: Seconds after a registration by which a working instance is healthy.
        slow_start: Seconds after that in which it gets less than its share.
        zonal: Whether each zone serves from its own instances only.
        health_check: For people, for example ``GET :8080/_status``.
        lag: Seconds after an order in which its nodes may still send new requests to who was told to leave.
        stays: Why open connections go on leading to who has left; empty if the end of the drain closes them.
        uncounted: Why an instance cannot tell what is open to it; empty if it can.
        opens_below: With fewer healthy targets than this it sends to unhealthy ones as well.
        in_dns_from: With fewer healthy targets than this DNS leaves out a zone, or all, that it holds for.
    """

    drain: float
    tells_idle: bool
    drained_within: float
    healthy_within: float
    slow_start: float = 0.0
    zonal: bool = False
    health_check: str = ""
    lag: float = 0.0
    stays: str = ""
    uncounted: str = ""
    opens_below: Threshold = NEVER
    in_dns_from: Threshold = NEVER


class LoadBalancer(Protocol):
    """One pool of instances that one listener or more sends requests to; a site's own inherits from this.

    Attributes:
        kind: What its kind is registered as, the same for all of them.
        name: What tells it from others of its kind.
    """

    kind: str
    name: str

    @property
    def address(self) -> str:
        """What finds it again without doubt, for example ``target-group:staging``."""
        return f"{self.kind}:{self.name}"

    @property
    def title(self) -> str:
        """For people, for example ``staging (target group, port 8080)``."""
        return f"{self.name} ({self.kind})"

    @abstractmethod
    def settings(self) -> Settings:
        """Its settings, read once."""

    @abstractmethod
    def roster(self, *instances: Instance) -> Roster:
        """Everyone in it, in one look; *instances* are certainly told apart from those that left."""

    def holds(self, instance: Instance) -> bool:
        """Whether an instance is in it, with as few questions as that takes."""
        return self.roster(instance).of(instance).state is not State.OUT

    def passed_over(self) -> bool:
        """Whether nobody is sent to it at all at the moment, however healthy its members are."""
        return False

    def check(self, instance: Instance) -> None:
        """See whether an instance that is not in it could be.

        Raises:
            Refused: It could not.
        """
        return

    @abstractmethod
    def register(self, places: Sequence[Place]) -> None:
        """Send these requests again, on their ports or on the load balancer's own; safe to repeat."""

    @abstractmethod
    def deregister(self, places: Sequence[Place]) -> None:
        """Send these no new requests; those in flight are finished; safe to repeat, and for strangers."""

    def metrics(self) -> MetricSource:
        """Where its own counts of failed requests are.

        Raises:
            Refused: Nobody counts them in CloudWatch.
        """
        raise Refused(f"CloudWatch counts nothing for {self.title}")

    def refuse_leaving(self, instances: Sequence[Instance]) -> None:
        """Refuse if somebody else is at these instances, so that they had better not leave now.

        Raises:
            Refused: In words; nothing was changed.
        """
        return

    def refuse_joining(self, instances: Sequence[Instance]) -> None:
        """Refuse if it is somebody else's to have these instances serve.

        Raises:
            Refused: In words; nothing was changed.
        """
        return

    def restore_settings(self) -> None:
        """Put back what had to change so that instances could leave; nothing while some are away."""
        return


class LoadBalancerKind(Protocol):
    """All load balancers of one kind; what is registered, under the kind's name, is called with an Aws."""

    @abstractmethod
    def all(self) -> Sequence[LoadBalancer]:
        """Every one that can hold instances."""

    def named(self, name: str) -> Sequence[LoadBalancer]:
        """The one that is addressed by *name*, or none."""
        return [each for each in self.all() if each.name == name]

    def meant_by(self, words: str) -> Sequence[LoadBalancer]:
        """Whatever a person may mean by *words*, a bare name or an ARN, each once."""
        return self.named(words)
