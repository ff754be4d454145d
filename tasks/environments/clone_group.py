"""A second Auto Scaling group as the first one is, with target groups of its own that nobody sends to yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.cloned_group import (
    CLONE_OF,
    NOT_OURS_TO_COPY,
    GroupEntry,
    read_group,
    settings_of,
    tags_of,
)
from tasks.aws.cloned_target_group import TargetGroupClone, carry_out, delete, plan_target_group
from tasks.aws.group_extras import Extras, extras, finish
from tasks.aws.least_size import USUAL
from tasks.aws.target_groups import groups_by_arn
from tasks.environments.first_order import unless_refused
from tasks.environments.fleet import Fleet, Proof, prove, wait_until_well
from tasks.running.errors import Refused, TaskError
from tasks.running.quoting import listed
from tasks.running.waiting import Missing, Wait, closely

# Seconds for a group that failed to end its instances.
DELETED_WITHIN = 900.0


@dataclass(frozen=True)
class GroupClone:
    """What is to be, and what there is of it already.

    Args:
        settings: What it is created with, beside name, sizes, tags and target groups.
        dropped: Members of the source that cannot be asked for.
        size: How many instances it begins with: as many as the source has in service.
        used: Whether a load balancer has a rule for what there is of it.
    """

    name: str
    source: GroupEntry
    clone: GroupEntry | None
    settings: Mapping[str, Any]
    dropped: Sequence[str]
    target_groups: Sequence[TargetGroupClone]
    extras: Extras
    size: int
    used: bool

    @property
    def stays(self) -> str:
        """What is so if this ends before its time."""
        return f"what was made of {self.name} stays{'' if self.used else ', and nobody is sent to it'}"

    @property
    def steps(self) -> Iterator[str]:
        """What carrying it out does, a line a step."""
        for each in self.target_groups:
            if not each.arn:
                yield f"{each.name}: a target group as {each.of} is, which no load balancer sends to yet"
        if self.clone is None:
            count = f"{self.size} instance{'s' if self.size > 1 else ''}"
            yield f"{self.name}: an Auto Scaling group as {self.source.name} is, of {count} at least"
        yield from (f"{self.name}: {each.words}" for each in self.extras.missing)
        yield from self.warnings

    @property
    def warnings(self) -> Iterator[str]:
        """What whoever clones must know."""
        if self.dropped:
            yield f"{self.name}: cannot be given {', '.join(self.dropped)} of {self.source.name}"
        yield from (f"{self.name}: {each}" for each in self.extras.left)
        for each in self.source.elsewhere:
            yield f"{self.name}: not attached to {each}, which would send it users at once"
        for versions in self.source.versions.values():
            if len(versions) > 1:
                shown = " and ".join(sorted(versions))
                yield f"{self.source.name}: its instances are of versions {shown} of their launch template"
        passed_on = [each["Key"] for each in self.source.entry["Tags"] if each.get("PropagateAtLaunch")]
        if chosen := [key for key in passed_on if not key.startswith(NOT_OURS_TO_COPY) and key != "Name"]:
            told = listed(chosen, 6)
            yield f"{self.name}: its instances have the tags {told} as well: who chooses by them chooses both"
        beside = f"beside {self.source.name}'s"
        yield f"{self.name}: queues, timers and jobs of its software run from its start, {beside}"


def plan_group_clone(aws: Aws, source: GroupEntry, name: str, wait: Wait) -> GroupClone:
    """Look at the source, and at what there is of the clone.

    Raises:
        Refused: The name is taken by another group, or there is nothing to clone.
    """
    clone = read_group(aws, name)
    if clone and clone.tags.get(CLONE_OF) != source.arn:
        raise Refused(f"there is an Auto Scaling group {name}, which is no clone of {source.name}")
    if clone and clone.entry.get("Status"):
        raise Refused(f"{name} is being deleted", "Run this again once it is gone")
    if not source.in_service and clone is None:
        raise Refused(f"{source.name} has no instance in service, so nobody knows how many its clone needs")
    settings, dropped = settings_of(aws, source)
    several = len(source.target_groups) > 1
    groups = [
        plan_target_group(aws, arn, f"{name}-{number}" if several else name)
        for number, arn in enumerate(source.target_groups, 1)
    ]
    now = wait.clock.wall()
    labels = _labels(aws, groups)
    more = extras(aws, source.name, name, labels, now, exists=clone is not None)
    return GroupClone(
        name, source, clone, settings, dropped, groups, more, source.in_service, used=bool(labels)
    )


def clone_group(
    aws: Aws, plan: GroupClone, proof: Proof | None, wait: Wait, *, within: float, again: str, keep: bool
) -> Fleet:
    """Make it so, and return what it serves with once all of it is well; safe to repeat.

    Args:
        within: Seconds until all instances are in service.
        again: The command that goes on with it.
        keep: Whether a clone that fails stays for a look; one that was there before stays in any case.

    Raises:
        TaskError: It does not get well.
    """
    name, log = plan.name, wait.log
    advice = f"To go on: {again}. To be rid of it: gocd-tasks retire-environment group:{name} --keep-for 0"
    log.steps(plan.steps)
    log.stands(plan.stays, advice)
    with unless_refused(log, any_made=plan.clone is not None or any(each.arn for each in plan.target_groups)):
        first = [carry_out(aws, each) for each in plan.target_groups[:1]]
    arns = (*first, *(carry_out(aws, each) for each in plan.target_groups[1:]))
    fleet = Fleet(groups=(name,), target_groups=arns)
    if plan.clone is None:
        with unless_refused(log, any_made=bool(arns)):
            _create(aws, plan, arns)
        log.event("created", group=name, source=plan.source.name)
    try:
        for each in plan.extras.missing:
            each.make()
        batch = wait_until_well(aws, name, fleet, wait, within)
        log.say(f"{batch.with_verb('is', 'are')} in service in {name}")
        if proof:
            prove(name, batch, proof, wait)
    except TaskError:
        if keep or plan.clone is not None:
            raise
        _give_up(aws, fleet, wait)
        log.restored(f"{name} was deleted again")
        raise
    _finish(aws, plan)
    return fleet


def _create(aws: Aws, plan: GroupClone, arns: Sequence[str]) -> None:
    entry = plan.source.entry
    own = {CLONE_OF: plan.source.arn, USUAL: plan.source.tags.get(USUAL, str(entry["MinSize"]))}
    tags = [{"Key": key, "Value": value, "PropagateAtLaunch": False} for key, value in own.items()]
    request = {
        **plan.settings,
        # An idle clone is the first that a policy would shrink, so it may not become smaller.
        "MinSize": plan.size,
        "DesiredCapacity": plan.size,
        "MaxSize": max(plan.size, int(entry["MaxSize"])),
        "Tags": [*tags_of(plan.source, plan.name), *tags],
    }
    if arns:
        request["TargetGroupARNs"] = list(arns)
    aws.call("autoscaling", "create_auto_scaling_group", plan.name, AutoScalingGroupName=plan.name, **request)


def _finish(aws: Aws, plan: GroupClone) -> None:
    clone = read_group(aws, plan.name)
    if clone:
        for each in finish(aws, plan.source.entry, clone.entry, plan.source.protection):
            each.make()


def _give_up(aws: Aws, fleet: Fleet, wait: Wait) -> None:
    """Delete a clone that this run made, and that nobody was ever sent to."""
    [name] = fleet.groups
    aws.call("autoscaling", "delete_auto_scaling_group", name, AutoScalingGroupName=name, ForceDelete=True)

    def look() -> bool | Missing:
        return Missing(f"{name}: being deleted") if read_group(aws, name) else True

    wait.until_done(look, pace=closely, within=DELETED_WITHIN)
    for group in groups_by_arn(aws, fleet.target_groups):
        delete(aws, group.arn, group.name)


def _labels(aws: Aws, clones: Sequence[TargetGroupClone]) -> dict[str, str]:
    """What policies call a clone that a load balancer sends to, by what they call its source."""
    labels = {}
    for each in clones:
        for group in groups_by_arn(aws, [each.arn]) if each.arn else []:
            if group.balancers:
                balancer = group.balancers[0].partition(":loadbalancer/")[2]
                source = str(each.source["TargetGroupArn"]).rpartition(":")[2]
                labels[source] = f"{balancer}/{group.arn.rpartition(':')[2]}"
    return labels
