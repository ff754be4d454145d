"""What is looked at: load balancers, instances, and whatever else somebody has named."""

import difflib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from tasks.aws import balancer_lookup
from tasks.aws import instances as instances_in_ec2
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import kinds
from tasks.aws.errors import Denied
from tasks.aws.instances import Instance, find_meant
from tasks.aws.load_balancer import LoadBalancer, LoadBalancerKind
from tasks.balancing.absences import Memory
from tasks.environments.environment import parted
from tasks.environments.members import instances_of
from tasks.environments.pair import role_of
from tasks.looking.picture import Unseen
from tasks.running.errors import Refused

Found = TypeVar("Found")


@dataclass
class Subjects:
    """What is looked at.

    Args:
        balancers: Load balancers, each once, by address; all that is behind them is looked at.
        around: Those that named instances are in, by address; only these of them are told of.
        instances: Ids of instances that were named.
        locks: Names of locks that are neither load balancers' nor instances'.
        records: Names in DNS by which users are led.
        status_url: What to ask each instance, if anything.
        fields: The names in its JSON answer that matter.
        absent: What a pipeline file names and is not there, a line each.
        everything: Whether nothing was named, and whatever can be known is looked at.
        unseen: What could not be looked for.
    """

    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    around: dict[str, LoadBalancer] = field(default_factory=dict)
    instances: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    status_url: str = ""
    fields: tuple[str, ...] = ()
    absent: list[str] = field(default_factory=list)
    everything: bool = False
    unseen: list[Unseen] = field(default_factory=list)


class Finder:
    """Finds what people name, and notes what may not be looked for."""

    def __init__(self, aws: Aws, subjects: Subjects) -> None:
        self._aws = aws
        self._subjects = subjects
        self._instances: dict[str, Instance] = {}
        self._denied: list[Denied] = []

    def find(self, wanted: str) -> None:
        """Add whatever *wanted* means, all of it if that is several things.

        Raises:
            Refused: It means nothing.
            Denied: Nobody may see whether it means anything.
        """
        self._denied = []
        if role_of(wanted) or parted(wanted)[0]:
            self._add(instances_of(self._aws, wanted))
            return
        balancers = self._meant(wanted)
        instances = self._try(f"instances called {wanted}", lambda: find_meant(self._aws, wanted))
        self._subjects.balancers |= {each.address: each for each in balancers}
        self._add(instances)
        if balancers or instances:
            return
        if self._denied:
            raise self._denied[0]
        names = [*balancer_lookup.every_name(self._aws), *instances_in_ec2.every_name(self._aws)]
        near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
        there = f"There are: {', '.join(names[:10])}" if names else "There is nothing here at all"
        raise Refused(
            f"no load balancer or instance is called {wanted} in {self._aws.region}",
            f"Did you mean {near[0]}?" if near else there,
        )

    def find_around(self) -> None:
        """Add the load balancers that the named instances are in, or were taken out of."""
        instances = list(self._instances.values())
        if not instances:
            return
        remembered = set(Memory(self._aws, instances).addresses)
        for kind, members in kinds(self._aws).items():
            behind = self._try(
                f"which load balancers of kind {kind} they are in",
                partial(_holding, members, remembered, instances),
            )
            self._subjects.around |= {
                each.address: each for each in behind if each.address not in self._subjects.balancers
            }

    def _add(self, instances: Iterable[Instance]) -> None:
        self._instances |= {each.id: each for each in instances}
        self._subjects.instances = list(self._instances)

    def _meant(self, wanted: str) -> list[LoadBalancer]:
        asked, colon, name = wanted.partition(":")
        found: list[LoadBalancer] = []
        for kind, members in kinds(self._aws).items():
            if colon and asked == kind:
                return self._try(wanted, partial(members.named, name))
            what = f"load balancers of kind {kind} called {wanted}"
            if not colon or asked == "arn":
                found += self._try(what, partial(members.meant_by, wanted))
        return found

    def _try(self, what: str, ask: Callable[[], Iterable[Found]]) -> list[Found]:
        try:
            return list(ask())
        except Denied as denied:
            self._denied.append(denied)
            self._subjects.unseen.append(Unseen(what, denied.what))
            return []


def _holding(
    members: LoadBalancerKind, remembered: Collection[str], instances: Sequence[Instance]
) -> list[LoadBalancer]:
    return [each for each in members.all() if each.address in remembered or _holds(each, instances)]


def _holds(balancer: LoadBalancer, instances: Sequence[Instance]) -> bool:
    """Whether one of them is in it, in as many calls for many as for one."""
    if len(instances) == 1:
        return balancer.holds(instances[0])
    roster = balancer.roster()
    return any(roster.all_of(each) for each in instances)
