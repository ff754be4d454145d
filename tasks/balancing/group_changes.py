"""What has to change on an Auto Scaling group so that members can leave and come back, and is put back.

Each change is written on the group as a tag before it is made, so that whoever comes next can undo it.
"""

from dataclasses import dataclass

from gocd.numbers import whole
from tasks.aws.auto_scaling_group import AutoScalingGroup
from tasks.running.log import Log

MIN_SIZE, MAX_SIZE, SUSPENDED = "gocd-tasks:min-size", "gocd-tasks:max-size", "gocd-tasks:suspended"

# It would launch and terminate members to even out the zones while some are away.
REBALANCING = "AZRebalance"

# These would launch members with another release, or terminate those that serve for the ones that are away.
# All that they leave undone is made up for when they are resumed. ScheduledActions is left alone: what falls
# due while it is suspended never happens, and a group may be too small for a whole day
# (AWS, autoscaling/understand-how-suspending-processes-affects-other-processes).
RESTING = ("AlarmNotification", "InstanceRefresh")


@dataclass(frozen=True)
class Moved:
    """A size as it was found, and how far it was moved from there."""

    found: int
    to: int

    def __str__(self) -> str:
        return f"{self.found} {self.to}"

    def accounts_for(self, size: int) -> bool:
        """Whether *size* is what the move, or a part of it, left; any other is somebody else's."""
        return min(self.found, self.to) <= size <= max(self.found, self.to)


class GroupChanges:
    """One group's sizes and processes, changed only as far as they would stand in the way.

    Sizes that somebody else sets meanwhile stay, and so do processes that somebody else suspended.
    """

    def __init__(self, group: AutoScalingGroup, log: Log) -> None:
        self._group = group
        self._log = log

    @property
    def any(self) -> bool:
        return bool({MIN_SIZE, MAX_SIZE, SUSPENDED} & set(self._group.tags))

    def make_room_to_leave(self, leaving: int) -> None:
        """Lower the minimum size if it forbids that so many leave."""
        group = self._group
        room = max(0, group.desired - leaving)
        if room < group.min_size:
            self._log.say(f"{group.name}: minimum size {group.min_size} is lowered to {room} meanwhile")
            self._remember(MIN_SIZE, group.min_size, room)
            group.set_min_size(room)

    def make_room_to_return(self, returning: int) -> None:
        """Raise the maximum size if the group has grown so far that it forbids that so many come back."""
        group = self._group
        room = group.desired + returning
        if room > group.max_size:
            grown = f"the group has grown to {group.desired} without {returning} in Standby"
            self._log.say(
                f"{group.name}: {grown}; maximum size {group.max_size} is raised to {room} meanwhile"
            )
            self._remember(MAX_SIZE, group.max_size, room)
            group.set_max_size(room)

    def hold_still(self) -> None:
        """Suspend what would change the members by itself."""
        group = self._group
        wanted = [*RESTING, *([REBALANCING] if len(group.zones) > 1 else [])]
        ours = [process for process in wanted if process not in group.suspended]
        if ours:
            known = group.tags.get(SUSPENDED, "").split()
            group.tag(SUSPENDED, " ".join(sorted({*known, *ours})))
            group.suspend(ours)
            self._log.say(f"{group.name}: {_and(ours)} suspended meanwhile")

    def restore(self, *, away: bool) -> None:
        """Put back what was changed, as far as that is possible while others are still *away*."""
        group = self._group
        if lowered := self._moved(MIN_SIZE):
            self._raise_minimum(lowered, away=away)
        if away:
            return
        if raised := self._moved(MAX_SIZE):
            self._lower_maximum(raised)
        if SUSPENDED in group.tags:
            ours = [process for process in group.tags[SUSPENDED].split() if process in group.suspended]
            if ours:
                group.resume(ours)
                self._log.say(f"{group.name}: {_and(ours)} resumed")
            group.untag(SUSPENDED)

    def _raise_minimum(self, lowered: Moved, *, away: bool) -> None:
        group = self._group
        size = min(lowered.found, group.desired) if away else lowered.found
        if lowered.accounts_for(group.min_size) and size > group.min_size:
            group.set_min_size(size)
            self._log.say(f"{group.name}: minimum size is {size} again")
        if size == lowered.found:
            group.untag(MIN_SIZE)

    def _lower_maximum(self, raised: Moved) -> None:
        group = self._group
        if raised.accounts_for(group.max_size):
            # Below the desired capacity, the group would end members, and perhaps those deployed to.
            size = max(raised.found, group.desired)
            if size < group.max_size:
                group.set_max_size(size)
                self._log.say(f"{group.name}: maximum size is {size} again")
            if size > raised.found:
                command = f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {group.name}"
                self._log.say(
                    f"{group.name}: maximum size stays {size} while it wants {group.desired} members; "
                    f"{command} --max-size {raised.found} would end {size - raised.found} of them"
                )
                return
        group.untag(MAX_SIZE)

    def _remember(self, key: str, now: int, to: int) -> None:
        before = self._moved(key)
        found = before.found if before and before.accounts_for(now) else now
        self._group.tag(key, str(Moved(found, to)))

    def _moved(self, key: str) -> Moved | None:
        sizes = [whole(size) for size in self._group.tags.get(key, "").split()]
        known = [size for size in sizes if size is not None]
        if not known or len(known) < len(sizes):
            return None
        return Moved(known[0], known[-1] if len(known) > 1 else 0)


def _and(processes: list[str]) -> str:
    return f"{' and '.join(sorted(processes))} {'is' if len(processes) == 1 else 'are'}"
