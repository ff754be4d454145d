"""What a trap is: a site on AWS, its users, and what happens there while a pipeline rolls out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World

# AWS's waits are divided by this, and so are the sleeps of pipelines.
SPEED = 20.0

# What the servers serve at first, and what is rolled out.
OLD, NEW = "1.0", "2.0"


@dataclass(frozen=True)
class Ground:
    """Where a trap is built.

    Args:
        service: Gives the sample service, serving the old version, with options of its own.
    """

    aws: World
    service: Callable[..., Service]

    def divided(self, seconds: float) -> int:
        """Seconds of AWS's as they pass here; whole ones, which its settings are."""
        return max(1, round(seconds / SPEED))


@dataclass(frozen=True)
class Place:
    """The site that a pipeline finds.

    Args:
        servers: What the naive pipelines call them, in the order of the rollout.
        names: What ours calls them, if otherwise.
        look_up: EC2's filter that finds one of *servers*.
        group: The Auto Scaling group that they are members of, where a pipeline is to use its Standby.
        bystanders: Instances that the rollout is not about.
    """

    front: LoadBalancer
    servers: Sequence[str]
    names: Sequence[str] = ()
    look_up: str = "tag:Name"
    group: str = ""
    bystanders: Sequence[Instance] = ()


@dataclass(frozen=True)
class Users:
    """How users come: see ``Traffic``."""

    path: str = "/"
    rate: float = 100.0
    new_connections: bool = False
    clients: int = 0
    blind: bool = False


def nothing(aws: World, place: Place) -> None:
    """Happen."""


@dataclass(frozen=True)
class Trap:
    """One trap.

    Args:
        words: What is so, and what comes of it, in a sentence or two.
        broken: How the release is bad, one of the sample's breakages.
        parallel: Whether two pipelines roll out at once, each beginning with another server.
        meanwhile: Makes ready what happens while a pipeline runs.
        ours: Variables of our pipeline besides those that it always has.
        cut: Whether it is one only where load balancers can cut requests off.
        checked: Whether ours begins with a check of each server, which these variables may be about.
    """

    name: str
    words: str
    build: Callable[[Ground], Place]
    users: Users = Users()
    broken: str | None = None
    parallel: bool = False
    meanwhile: Callable[[World, Place], None] = nothing
    ours: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    checked: bool = False
