"""What is deleted of an environment that serves nobody, and why it may be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tasks.aws.api import Aws
from tasks.aws.cloned_group import GroupEntry, read_group
from tasks.aws.forward import id_of
from tasks.aws.group_deletion import hindrances
from tasks.aws.instances import find_all
from tasks.aws.stack import GOING, Stack
from tasks.aws.target_group import TargetGroup
from tasks.aws.target_groups import attached_elsewhere, groups_by_arn
from tasks.environments import state
from tasks.environments.fleet import Fleet
from tasks.environments.left import Left, last_left
from tasks.environments.serving import Serving, look_at
from tasks.environments.templates import parts_of
from tasks.running.clock import Clock
from tasks.running.errors import Refused


class TooSoon(Refused):
    """It has not been left for long enough."""


@dataclass(frozen=True)
class Retirement:
    """An environment that can go.

    Args:
        fleet: What it serves with.
        groups: Its Auto Scaling groups.
        target_groups: Those that go with it.
        stays: What does not, in words.
        notes: What whoever retires it should know.
    """

    found: Stack | GroupEntry
    fleet: Fleet
    groups: Sequence[GroupEntry]
    target_groups: Sequence[TargetGroup]
    serving: Serving
    stays: Sequence[str]
    notes: Sequence[str]

    @property
    def name(self) -> str:
        return self.found.name

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out does, a line a step."""
        yield from self.notes
        yield from (f"{self.name}: {each.words}" for each in self.serving.ways)
        if isinstance(self.found, Stack):
            yield f"{self.name}: deletes the stack with all that is in it"
        for group in self.groups:
            count = len(group.entry["Instances"])
            yield f"{self.name}: ends {count} instance{'' if count == 1 else 's'} of {group.name}"
        if isinstance(self.found, GroupEntry):
            yield f"{self.name}: deletes the Auto Scaling group with its policies, schedules and hooks"
            yield from (f"{self.name}: deletes the target group {each.name}" for each in self.target_groups)
        yield from (f"{self.name}: {each} stays" for each in self.stays)


def plan_retirement(
    aws: Aws, found: Stack | GroupEntry, clock: Clock, *, keep_for: float, delete_state: bool
) -> Retirement:
    """Look whether an environment serves nobody, and what goes with it.

    Raises:
        Refused: It serves somebody, was left too short a time ago, or is not to be deleted.
    """
    if isinstance(found, Stack) and found.status == GOING:
        # What of it is there still, the next moment has not.
        return Retirement(
            found, Fleet(), (), (), Serving((), (), ()), (), (f"{found.name}: is being deleted",)
        )
    own, groups, stays = _parts(aws, found, delete_state=delete_state)
    wrong = [each for group in groups for each in hindrances(group)]
    if wrong:
        raise Refused(
            f"{found.name} cannot go: {'; '.join(wrong)}", "Put that right first, if it is no longer meant"
        )
    arns = dict.fromkeys([*own.target_groups, *(arn for group in groups for arn in group.target_groups)])
    attached = groups_by_arn(aws, list(arns))
    ids = [each["InstanceId"] for group in groups for each in group.entry["Instances"]]
    instances = find_all(aws, [*ids, *own.instances]) if ids or own.instances else []
    classics = [each for group in groups for each in group.elsewhere]
    serving = look_at(aws, own, attached, instances, classics, clock)
    if serving.reasons:
        raise Refused(f"{found.name} serves: {'; '.join(serving.reasons)}", "Lead users away from it first")
    balancers = {arn.split("/")[-2] for arn in own.load_balancers}
    names = dict.fromkeys([found.name, *balancers], "") | {each.name: id_of(each.arn) for each in attached}
    notes = [*_kept(found.name, last_left(aws, clock, names), clock, keep_for), *serving.notes]
    going = attached
    if isinstance(found, GroupEntry):
        shared = attached_elsewhere(aws, list(arns), {found.name})
        going = [each for each in attached if each.arn not in shared]
        stays = [
            *stays,
            *(f"target group {each.name}, which others use," for each in attached if each.arn in shared),
        ]
    return Retirement(found, own, groups, going, serving, stays, notes)


def _parts(
    aws: Aws, found: Stack | GroupEntry, *, delete_state: bool
) -> tuple[Fleet, Sequence[GroupEntry], Sequence[str]]:
    """Return what goes with it, its Auto Scaling groups, and what stays in words."""
    if isinstance(found, GroupEntry):
        if found.entry.get("Status"):
            return Fleet(groups=(found.name,)), [], []
        template = found.entry.get("LaunchTemplate", {}).get("LaunchTemplateName", "")
        stays = [f"launch template {template}, which a clone uses as well,"] if template else []
        return Fleet(groups=(found.name,)), [found], stays
    _check_stack(found)
    own = Fleet.of(found.all_resources())
    parts = list(parts_of(found))
    if (data := [each for part in parts for each in part.told(state.lost)]) and not delete_state:
        raise Refused(
            f"what {found.name} holds would be lost with it: {', '.join(data)}",
            "Keep it by a DeletionPolicy, or say that you mean it: --delete-state",
        )
    groups = [each for name in own.groups if (each := read_group(aws, name))]
    return own, groups, [each for part in parts for each in part.told(state.kept)]


def _check_stack(stack: Stack) -> None:
    if stack.parent:
        raise Refused(f"{stack.name} is nested in another stack", "Retire the outermost one")
    if stack.protected:
        raise Refused(
            f"{stack.name} is protected from termination",
            f"If it is not meant any more: aws cloudformation update-termination-protection --stack-name "
            f"{stack.name} --no-enable-termination-protection",
        )
    used = {name: users for name in stack.exports if (users := stack.importers(name))}
    if used:
        told = "; ".join(f"{name} by {', '.join(users)}" for name, users in used.items())
        raise Refused(f"other stacks import what {stack.name} exports: {told}")


def _kept(name: str, left: Left | None, clock: Clock, keep_for: float) -> Iterator[str]:
    """Say since when it is left.

    Raises:
        Refused: That is too short a time, or nobody knows.
    """
    if left and left.ago >= keep_for:
        yield f"{name}: left for {left.to} {_ago(left.ago)} ago"
    elif left:
        at = clock.wall() + timedelta(seconds=keep_for - left.ago)
        raise TooSoon(
            f"{name} was left for {left.to} {_ago(left.ago)} ago, and is kept for {_ago(keep_for)}",
            f"Run this again at {at:%H:%M} UTC, or with a shorter --keep-for",
        )
    elif keep_for:
        raise Refused(
            f"nothing tells since when nobody is led to {name}: no switch away from it is remembered",
            "If it was long enough: --keep-for 0",
        )


def _ago(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{seconds / 60:.0f} min"
