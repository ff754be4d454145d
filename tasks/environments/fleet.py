"""What an environment serves with, and the wait until all of it is well."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.auto_scaling_group import IN_SERVICE, AutoScalingGroup, find_groups
from tasks.aws.instances import find_all
from tasks.aws.load_balancer import State
from tasks.aws.scaling_activities import latest_failure
from tasks.aws.stack import Resource
from tasks.aws.target_groups import groups_by_arn
from tasks.balancing.batch import Batch
from tasks.running.errors import TaskError, TimedOut
from tasks.running.waiting import Missing, Wait, closely
from tasks.status.settle import CheckFor, wait_for_all

GROUP, INSTANCE = "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::Instance"
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


@dataclass(frozen=True)
class Fleet:
    """Auto Scaling groups by name, lone instances by id, target groups and load balancers by ARN."""

    groups: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    load_balancers: tuple[str, ...] = ()

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> "Fleet":
        """Return what a stack with these resources serves with."""
        ids: Mapping[str, list[str]] = {kind: [] for kind in (GROUP, INSTANCE, TARGET_GROUP, LOAD_BALANCER)}
        for each in resources:
            if each.type in ids and each.id:
                ids[each.type].append(each.id)
        return cls(*(tuple(ids[kind]) for kind in (GROUP, INSTANCE, TARGET_GROUP, LOAD_BALANCER)))


@dataclass(frozen=True)
class Proof:
    """What every instance has to answer, beside being healthy.

    Args:
        within: Seconds until it must have.
    """

    check_for: CheckFor
    within: float


def wait_until_well(aws: Aws, name: str, fleet: Fleet, wait: Wait, within: float) -> Batch:
    """Return the instances of *fleet* once all are in service, and healthy wherever they are checked.

    Raises:
        TimedOut: They are not after *within* seconds.
        TaskError: There is none.
    """

    def look() -> Batch | Missing:
        return _look(aws, name, fleet)

    batch = wait.until_done(look, pace=closely, within=within)
    if not batch.instances:
        raise TaskError(f"{name} has no instance, so nothing can prove that it works")
    return batch


def prove(name: str, batch: Batch, proof: Proof, wait: Wait) -> None:
    """Return once every instance answers as it shall.

    Raises:
        TimedOut: One does not; the message has its last answer.
    """
    missing = wait_for_all(proof.check_for, batch, wait, proof.within)
    for each in batch:
        if each.id in missing:
            raise TimedOut(f"{name}: {each.name} ({each.id}) {missing[each.id]}")


def _look(aws: Aws, name: str, fleet: Fleet) -> Batch | Missing:
    groups = find_groups(aws, fleet.groups)
    ids = [each for group in groups.values() for each in group.lifecycle]
    for each in fleet.groups:
        if words := _short_of(aws, groups.get(each), each):
            return Missing(words)
    instances = find_all(aws, [*ids, *fleet.instances])
    for instance in instances:
        if instance.state != "running":
            return Missing(f"{name}: {instance.name} is {instance.state}")
    for group in groups_by_arn(aws, fleet.target_groups) if instances else []:
        # Nobody checks the targets of a group that no load balancer sends to.
        if group.balancers:
            members = group.roster(*instances).members
            unwell = [each for each in members if each.state is not State.SERVING]
            if unwell or not members:
                why = f", {unwell[0].words}" if unwell else ""
                return Missing(f"{group.name}: {len(members) - len(unwell)} of {len(members)} healthy{why}")
    return Batch(tuple(instances))


def _short_of(aws: Aws, group: AutoScalingGroup | None, name: str) -> str:
    if group is None:
        return f"{name}: not there yet"
    serving = [each for each, state in group.lifecycle.items() if state == IN_SERVICE]
    if len(serving) == len(group.lifecycle) == group.desired:
        return ""
    words = f"{name}: {len(serving)} of {group.desired} in service"
    failed = latest_failure(aws, name) if len(group.lifecycle) < group.desired else ""
    return f"{words} ({failed})" if failed else words
