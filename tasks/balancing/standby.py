"""Members of Auto Scaling groups leave their load balancers through Standby, and come back the same way.

Their group takes a member that is merely deregistered, or stopped, for a failed one, and replaces it
(AWS, autoscaling/ec2-auto-scaling-health-checks).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tasks.aws import instances
from tasks.aws.api import Aws
from tasks.aws.auto_scaling_group import (
    ENTERING,
    IN_SERVICE,
    LAUNCHING,
    NOT_IN_SERVICE_YET,
    STANDBY,
    AutoScalingGroup,
    StandbyRefused,
    is_known,
)
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, Member, Place, Roster, Settings, State
from tasks.aws.metrics import MetricSource
from tasks.balancing.absences import PREFIX
from tasks.balancing.batch import Batch
from tasks.balancing.group_changes import GroupChanges
from tasks.balancing.next_command import next_command
from tasks.running.errors import Refused
from tasks.running.log import Log

# Tries of an order. Somebody else may change the sizes between our look and it.
TRIES = 3


class Standby:
    """One group's way out of service and back, with whatever else has to change for it."""

    def __init__(self, aws: Aws, group: AutoScalingGroup, log: Log) -> None:
        self.group = group
        self._aws = aws
        self._changes = GroupChanges(group, log)

    def enter(self, ids: Sequence[str]) -> None:
        """Have these members out of service; safe to repeat.

        Raises:
            Refused: One is neither in service nor in Standby, so that the group itself is at it.
        """
        for tries_left in reversed(range(TRIES)):
            self.group.look()
            self._refuse_others(ids)
            serving = [each for each in ids if self.group.lifecycle[each] == IN_SERVICE]
            if not serving:
                return
            try:
                self._changes.make_room_to_leave(len(serving))
                self._changes.hold_still()
                self.group.enter_standby(serving)
            except AwsError as error:
                if not error.refusal:
                    # Without an answer it may have been followed; who asks next is told what is so.
                    self.group.look_at(serving)
                    raise
                self.restore()
                if not isinstance(error, StandbyRefused) or not tries_left:
                    raise
            else:
                return

    def refuse_not_yet(self, members: Sequence[Instance]) -> None:
        """Refuse those that the group itself has still to put into service, or is at with nobody knows what.

        Raises:
            Refused: One is in its warm pool, held by a lifecycle hook, or in a state that is not known here.
        """
        group = self.group
        # Those in a warm pool are not described with their group.
        group.look_at(each.id for each in members if not group.lifecycle.get(each.id))
        for each in members:
            state = group.lifecycle[each.id]
            if not is_known(state):
                raise Refused(
                    f"{each.name} is {state!r} in Auto Scaling group {group.name}, which is not known here",
                    "See what the group is at, then run the command again",
                )
            if state.startswith(NOT_IN_SERVICE_YET):
                raise Refused(
                    f"{each.name} is {state} in Auto Scaling group {group.name}, which has not put it into "
                    "service yet",
                    "Wait until it is InService (a lifecycle hook may hold it), then run the command again",
                )

    def refuse_amid_refresh(self) -> None:
        """Refuse while an instance refresh is replacing members, those in Standby among them perhaps.

        Raises:
            Refused: One is not over yet.
        """
        if status := self.group.refresh():
            command = f"aws autoscaling cancel-instance-refresh --auto-scaling-group-name {self.group.name}"
            raise Refused(
                f"an instance refresh of Auto Scaling group {self.group.name} is {status}: it replaces its "
                "members, and may terminate one that is in Standby to be deployed to",
                f"Wait until it is over, or end it: {command}; then run the command again",
            )

    def exit(self, ids: Sequence[str]) -> None:
        """Have those of these members that are in Standby back in service; safe to repeat.

        No lifecycle hook holds them: those are for launches only (AWS, autoscaling/lifecycle-hooks).

        Raises:
            StandbyRefused: The group does not take them back, and says why.
        """
        for tries_left in reversed(range(TRIES)):
            self.group.look()
            # One that has got there may still be told of as on its way.
            waiting = [each for each in ids if self.group.lifecycle.get(each) in (ENTERING, STANDBY)]
            if not waiting:
                return
            try:
                self._changes.make_room_to_return(len(waiting))
                self.group.exit_standby(waiting)
            except StandbyRefused:
                if not tries_left:
                    self.group.look()
                    raise
            else:
                return

    def remedy(self, returning: int) -> str:
        """Say what lets so many members come back that the group did not take back."""
        group = self.group
        command = f"--auto-scaling-group-name {group.name}"
        if LAUNCHING in group.suspended:
            return (
                f"Resume {LAUNCHING}: aws autoscaling resume-processes {command} --scaling-processes Launch"
            )
        if (needed := group.desired + returning) > group.max_size:
            size = f"aws autoscaling update-auto-scaling-group {command} --max-size {needed}"
            return f"It is at its maximum size, {group.max_size}; raise that: {size}"
        return f"See what it is at: aws autoscaling describe-scaling-activities {command}"

    def restore(self) -> None:
        """Put sizes and suspended processes back, as far as no other member is away."""
        if self._changes.any:
            self.group.look()
            self._changes.restore(away=self._others_away())

    def _refuse_others(self, ids: Sequence[str]) -> None:
        for each in ids:
            state = self.group.lifecycle.get(each, "no member any more")
            if state not in (IN_SERVICE, ENTERING, STANDBY):
                raise Refused(
                    f"{each} is {state} in Auto Scaling group {self.group.name}",
                    "Wait until the group has settled, then run the command again",
                )

    def _others_away(self) -> bool:
        away = [each for each, state in self.group.lifecycle.items() if state in (ENTERING, STANDBY)]
        found = instances.find_all(self._aws, away) if away else []
        return any(key.startswith(PREFIX) for each in found for key in each.tags)


class ThroughStandby(LoadBalancer):
    """A load balancer some of whose instances are members of Auto Scaling groups.

    Args:
        balancer: The same, as AWS has it.
        groups: By name.
    """

    def __init__(self, balancer: LoadBalancer, groups: Mapping[str, Standby]) -> None:
        self.kind, self.name = balancer.kind, balancer.name
        self.balancer = balancer
        self.groups = groups

    @property
    def title(self) -> str:
        return self.balancer.title

    def settings(self) -> Settings:
        return self.balancer.settings()

    def metrics(self) -> MetricSource:
        return self.balancer.metrics()

    def roster(self, *asked: Instance) -> Roster:
        """Everyone in it; who enters Standby is leaving until its group says that it is there."""
        roster = self.balancer.roster(*asked)
        entering = [each for each in asked if self._lifecycle(each) == ENTERING]
        drained = [each for each in entering if roster.of(each).state is State.OUT]
        for standby, some in self._by_group(drained):
            standby.group.look_at(each.id for each in some)
            for each in some:
                # It was sent to Standby, and AWS does not tell of that yet.
                if standby.group.lifecycle[each.id] == IN_SERVICE:
                    standby.group.lifecycle[each.id] = ENTERING
        held = [each for each in drained if self._lifecycle(each) == ENTERING]
        leaving = [Member(each.id, State.LEAVING, "entering Standby", takes_back=False) for each in held]
        ordered = {each.id for each in entering}
        return Roster((*(_on_its_way(each, ordered) for each in roster.members), *leaving))

    def check(self, instance: Instance) -> None:
        self.balancer.check(instance)

    def register(self, places: Sequence[Place]) -> None:
        """Take members out of Standby, and register the others."""
        plain = [place for place in places if not self._attached(place.instance)]
        for standby, members in self._by_group(place.instance for place in places):
            away = {each.id for each in members if self._lifecycle(each) in (ENTERING, STANDBY)}
            try:
                standby.exit(sorted(away))
            except StandbyRefused as error:
                remedy = standby.remedy(len(away))
                back = next_command("attach-instance", Batch(tuple(members)), self)
                error.advice = f"{remedy}; then: {back}"
                raise
            # One in service that is not registered was deregistered by hand.
            plain += [
                p for p in places if p.instance in members and p.instance.id not in away and p not in plain
            ]
        if plain:
            self.balancer.register(plain)

    def deregister(self, places: Sequence[Place]) -> None:
        """Send members to Standby, and deregister the others."""
        for standby, members in self._by_group(place.instance for place in places):
            standby.enter([each.id for each in members])
        if plain := [place for place in places if not self._attached(place.instance)]:
            self.balancer.deregister(plain)

    def refuse_leaving(self, instances: Sequence[Instance]) -> None:
        self.balancer.refuse_leaving(instances)
        for standby, members in self._asked_for(instances):
            standby.refuse_not_yet(members)
            if any(self._lifecycle(each) not in (ENTERING, STANDBY) for each in members):
                standby.refuse_amid_refresh()

    def refuse_joining(self, instances: Sequence[Instance]) -> None:
        self.balancer.refuse_joining(instances)
        for standby, members in self._asked_for(instances):
            standby.refuse_not_yet(members)

    def restore_settings(self) -> None:
        for standby in self.groups.values():
            standby.restore()

    def _attached(self, instance: Instance) -> bool:
        standby = self.groups.get(instance.group)
        return standby is not None and self.address in standby.group.addresses

    def _lifecycle(self, instance: Instance) -> str:
        standby = self.groups.get(instance.group)
        return standby.group.lifecycle.get(instance.id, "") if standby else ""

    def _asked_for(self, asked: Iterable[Instance]) -> Iterator[tuple[Standby, list[Instance]]]:
        """The groups that this load balancer asks for, of all those that they are behind together."""
        for standby, members in self._by_group(asked):
            if self.address == min(standby.group.addresses, default=""):
                yield standby, members

    def _by_group(self, asked: Iterable[Instance]) -> list[tuple[Standby, list[Instance]]]:
        members: dict[str, list[Instance]] = {}
        for each in asked:
            if each.group in self.groups:
                members.setdefault(each.group, []).append(each)
        return [(self.groups[name], some) for name, some in members.items()]


def _on_its_way(member: Member, ordered: set[str]) -> Member:
    """A member that was sent to Standby leaves, even if its load balancer has not heard of it yet."""
    if member.key not in ordered:
        return member
    return replace(member.wholly(State.LEAVING), takes_back=False)
