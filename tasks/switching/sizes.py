"""Blue as large as it was when users were led away, for as long as they may come back."""

from collections.abc import Iterator, Mapping

from tasks.aws.api import Aws
from tasks.aws.cloned_group import CLONE_OF, GroupEntry
from tasks.aws.least_size import groups_behind, groups_named, raise_least, restore_least
from tasks.running.log import Log

# Seconds for instances to be launched, and to be in service.
LAUNCHED_WITHIN = 900.0


class Sizes:
    """What is held of the Auto Scaling groups behind blue.

    An idle group is the first that a policy makes smaller, and users who come back need all of it.

    Args:
        sizes: How many instances each wanted as users were led away, by its name.
    """

    def __init__(self, aws: Aws, sizes: Mapping[str, int], log: Log) -> None:
        self._aws = aws
        self._sizes = sizes
        self._log = log

    def hold(self) -> None:
        """Have none become smaller; safe to repeat."""
        for group, size in self._groups():
            if raise_least(self._aws, group, size):
                self._log.say(f"{group.name}: keeps {size} instances at least, as users may come back")

    def growing(self) -> bool:
        """Whether one has fewer in service than it had."""
        return any(group.in_service < min(size, _most(group)) for group, size in self._groups())

    def release(self) -> None:
        """Let them become as small as they usually may; safe to repeat."""
        for group, _ in self._groups():
            _restore(self._aws, group, self._log)

    def _groups(self) -> Iterator[tuple[GroupEntry, int]]:
        for group in groups_named(self._aws, sorted(self._sizes)):
            yield group, self._sizes[group.name]


def sizes_behind(aws: Aws, target_group: str) -> dict[str, int]:
    """Return how many instances the Auto Scaling groups behind a target group want, by their names."""
    return {each.name: int(each.entry["DesiredCapacity"]) for each in groups_behind(aws, target_group)}


def release_arrived(aws: Aws, target_group: str, log: Log) -> None:
    """Let groups that have all users become as small as they usually may; a clone once its source is gone."""
    for group in groups_behind(aws, target_group):
        if CLONE_OF not in group.tags:
            _restore(aws, group, log)


def _restore(aws: Aws, group: GroupEntry, log: Log) -> None:
    usual = restore_least(aws, group)
    if usual is not None:
        log.say(f"{group.name}: may have {usual} instances again, as usual")


def _most(group: GroupEntry) -> int:
    return int(group.entry["MaxSize"])
