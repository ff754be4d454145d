"""What the tasks ask of a load balancer, of either generation, in a deployment's own words."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Protocol

from tasks.aws.instances import Instance
from tasks.running.errors import Refused


class State(Enum):
    """How a load balancer regards one instance."""

    SERVING = "healthy"
    JOINING = "initial"
    UNHEALTHY = "unhealthy"
    LEAVING = "draining"
    STUCK = "unused"
    """Registered, but it cannot serve however long one waits."""
    OUT = "not registered"


@dataclass(frozen=True)
class Member:
    """One instance in a load balancer.

    Args:
        key: The instance's id, or its private IP in a target group of IP addresses.
        reason: The load balancer's own reason, empty if it gave none.
        ports: The ports it is registered on; empty where the load balancer has none of its own.
        zone: Its Availability Zone, where the load balancer counts by zone, else empty.
        takes_back: Whether it can be registered again at once, should it be draining.
        states: How each of its ports is regarded, in their order, if not all are in *state*.
        shifted: Whether it gets no requests, healthy as it is, while traffic is led away from its zone.
    """

    key: str
    state: State
    reason: str = ""
    ports: tuple[int, ...] = ()
    zone: str = ""
    takes_back: bool = True
    states: tuple[State, ...] = ()
    shifted: bool = False

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

    def of_ports(self, *states: State) -> tuple[int, ...]:
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
        return (
            self._by_key.get(instance.id)
            or self._by_key.get(instance.private_ip)
            or Member(instance.id, State.OUT)
        )

    @cached_property
    def _by_key(self) -> dict[str, Member]:
        return {member.key: member for member in self.members}


@dataclass(frozen=True)
class Place:
    """An instance and the ports that it has, or shall have, in a load balancer; none for its own."""

    instance: Instance
    ports: tuple[int, ...] = ()


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
    opens_below: Threshold = NEVER
    in_dns_from: Threshold = NEVER


@dataclass(frozen=True)
class Metric:
    """One of CloudWatch's figures, and what people call it."""

    name: str
    words: str
    statistic: str = "Sum"


@dataclass(frozen=True)
class MetricSource:
    """Where CloudWatch keeps a load balancer's figures.

    Args:
        dimensions: What tells this load balancer from others.
        requests: Has data whenever there was any traffic.
        failures: What users lost; these have data only where they are not zero.
    """

    namespace: str
    dimensions: Mapping[str, str]
    requests: Metric
    failures: tuple[Metric, ...]


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
