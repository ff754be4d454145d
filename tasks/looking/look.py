"""One look at everything: as many calls as there are load balancers, whatever is behind them.

For each load balancer one call for its health, one for its lock and, the first time, one or two for its
settings; for each Application or Network Load Balancer two, and one for each of its listeners. Of instances,
200 are described in one call; one more finds those that were taken out, and one the Auto Scaling groups.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from tasks.aws import instances
from tasks.aws.api import Aws
from tasks.aws.auto_scaling_group import ENTERING, STANDBY, AutoScalingGroup, find_groups
from tasks.aws.errors import Denied
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, Roster, State
from tasks.balancing.absences import PREFIX, Memory
from tasks.balancing.reach import Reach
from tasks.deployers import noted
from tasks.locking.deployment_lock import DeploymentLock, all_locks
from tasks.locking.owner import Owner
from tasks.looking.answers import Question, ask_all
from tasks.looking.led import led_by, switches_at, switches_everywhere
from tasks.looking.picture import Away, Led, Picture, SeenBalancer, SeenLock, SeenMachine, SeenSwitch, Unseen
from tasks.looking.subjects import Subjects
from tasks.running.clock import Clock

Value = TypeVar("Value")


@dataclass
class Look:
    """Looks at *subjects* as often as it is asked to.

    Args:
        owner: Who looks: what it holds itself, and whose process is gone on this machine, is told of as such.
        question: What each running instance is asked, if anything.
    """

    subjects: Subjects
    aws: Aws
    clock: Clock
    owner: Owner
    question: Question | None = None
    _unseen: list[Unseen] = field(default_factory=list, init=False)

    def take(self) -> Picture:
        """See how things are now.

        Raises:
            AwsError: AWS does not answer; what is only forbidden is noted, and the rest is seen.
        """
        self._unseen = list(self.subjects.unseen)
        before = self.aws.calls
        every = {**self.subjects.balancers, **self.subjects.around}
        rosters = {
            address: roster
            for address, balancer in every.items()
            if (roster := self._see(f"who is in {address}", balancer.roster)) is not None
        }
        found = self._instances(rosters)
        groups = self._groups(found, every)
        machines = self._machines(found, rosters, groups)
        led, switches = self._led(every.values())
        locks = self._locks({**every, **{address: None for each in machines for address in each.away}})
        return Picture(
            at=self.clock.wall(),
            region=self.aws.region,
            absent=tuple(self.subjects.absent),
            balancers=tuple(self._balancer(each, rosters.get(address)) for address, each in every.items()),
            machines=tuple(machines),
            locks=tuple(locks or ()),
            led=tuple(led),
            switches=tuple(switches),
            unseen=tuple(dict.fromkeys(self._unseen)),
            all_locks=self.subjects.everything and locks is not None,
            calls=self.aws.calls - before,
        )

    def _see(self, what: str, ask: Callable[[], Value]) -> Value | None:
        try:
            return ask()
        except Denied as denied:
            self._unseen.append(Unseen(what, denied.what))
            return None

    def _instances(self, rosters: Mapping[str, Roster]) -> dict[str, Instance]:
        """Everyone who may have to be told of, by id."""
        aws, subjects = self.aws, self.subjects
        whole = [rosters[address] for address in subjects.balancers if address in rosters]
        handles = {member.handle for roster in whole for member in roster.members}
        keys = ["*"] if subjects.everything else list(subjects.balancers)
        looks: list[Callable[[], Iterable[Instance]]] = []
        if handles:
            looks.append(partial(instances.called, aws, handles))
        if subjects.instances:
            looks.append(partial(instances.find_all, aws, subjects.instances))
        if keys:
            looks.append(partial(instances.tagged, aws, *(PREFIX + key for key in keys)))
        seen = (self._see("which instances these are, and who was taken out", each) for each in looks)
        return {each.id: each for some in seen if some for each in some}

    def _groups(
        self, found: dict[str, Instance], balancers: Mapping[str, LoadBalancer]
    ) -> Mapping[str, AutoScalingGroup]:
        """The Auto Scaling groups of *found*, with those added to it that others have sent to Standby."""
        names = {each.group for each in found.values() if each.group}
        look = partial(find_groups, self.aws, names)
        groups = (self._see("the Auto Scaling groups", look) if names else None) or {}
        more = [
            key
            for group in groups.values()
            for key, state in group.lifecycle.items()
            if state in (ENTERING, STANDBY) and key not in found and group.addresses & balancers.keys()
        ]
        if more and not self.subjects.instances:
            seen = self._see("those in Standby", partial(instances.find_all, self.aws, more)) or []
            found.update({each.id: each for each in seen})
        return groups

    def _machines(
        self,
        found: Mapping[str, Instance],
        rosters: Mapping[str, Roster],
        groups: Mapping[str, AutoScalingGroup],
    ) -> list[SeenMachine]:
        memory = Memory(self.aws, found.values())
        answers = ask_all(self.question, found.values()) if self.question else {}
        machines = [
            SeenMachine(
                key=each.id,
                instance=each,
                members={
                    address: member
                    for address, roster in rosters.items()
                    if (member := roster.of(each)).state is not State.OUT
                },
                away={
                    address: Away(absence, memory.who(each, address))
                    for address, absence in memory.away(each).items()
                },
                lifecycle=groups[each.group].lifecycle.get(each.id, "") if each.group in groups else "",
                attached=tuple(sorted(groups[each.group].addresses)) if each.group in groups else (),
                release=noted.read(each.tags),
                answer=answers.get(each.id),
            )
            for each in found.values()
        ]
        known = {handle for each in found.values() for handle in each.handles}
        strangers: dict[str, dict[str, Member]] = {}
        for address in self.subjects.balancers.keys() & rosters.keys():
            for member in rosters[address].members:
                if member.handle not in known:
                    strangers.setdefault(member.key, {})[address] = member
        machines += [SeenMachine(key, None, members, {}) for key, members in strangers.items()]
        return sorted(machines, key=lambda each: (each.name, each.key))

    def _balancer(self, balancer: LoadBalancer, roster: Roster | None) -> SeenBalancer:
        names = (balancer.address, balancer.name, balancer.title)
        if roster is None:
            return SeenBalancer(*names, healthy=None, total=0)
        healthy = sum(each.state is State.SERVING for each in roster.members)
        settings = self._see(f"the settings of {balancer.address}", balancer.settings)
        pool = Reach(settings, roster).pool() if settings and not settings.zonal else None
        return SeenBalancer(
            *names,
            healthy=healthy,
            total=len(roster.members),
            opens=pool.why if pool and pool.opens and pool.unhealthy else "",
            check=settings.health_check if settings else "",
        )

    def _locks(self, addresses: Iterable[str]) -> list[SeenLock] | None:
        """Who holds which; None if nobody may see which there are."""
        names = [*addresses, *(f"instance:{each}" for each in self.subjects.instances), *self.subjects.locks]
        locks: Sequence[DeploymentLock] = [
            DeploymentLock(name, self.aws, self.owner, self.clock) for name in dict.fromkeys(names)
        ]
        if self.subjects.everything:
            look = partial(all_locks, self.aws, self.owner, self.clock)
            listed = self._see("which locks there are", look)
            if listed is None:
                return None
            locks = listed
        seen = (self._see(f"whether {each.name} is locked", partial(self._lock, each)) for each in locks)
        return [each for each in seen if each]

    def _lock(self, lock: DeploymentLock) -> SeenLock:
        _, there = lock.look()
        why, certain_in = there.over(self.owner, lambda _: False) if there else ("", 0.0)
        return SeenLock(lock.name, there, "" if certain_in else why)

    def _led(self, balancers: Iterable[LoadBalancer]) -> tuple[list[Led], list[SeenSwitch]]:
        led: list[Led] = []
        switches: list[SeenSwitch] = []
        for arn in dict.fromkeys(arn for each in balancers for arn in getattr(each, "balancers", ())):
            name = arn.split("/")[-2]
            led += self._see(f"where {name} leads users", partial(led_by, self.aws, arn, name)) or []
            look = partial(switches_at, self.aws, self.clock, name)
            switches += self._see(f"what is remembered of switches at {name}", look) or []
        if self.subjects.everything or self.subjects.records:
            everywhere = partial(switches_everywhere, self.aws, self.clock, self.subjects.records)
            switches += self._see("which switches are remembered", everywhere) or []
        return led, switches
