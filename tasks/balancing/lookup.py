"""From what a person typed to what a task works on."""

from collections.abc import Iterable, Sequence

from tasks.aws.api import Aws
from tasks.aws.auto_scaling_group import LAUNCHING, find_groups
from tasks.aws.balancer_lookup import find_load_balancer, find_load_balancers
from tasks.aws.instances import Instance, find_instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.absences import Memory
from tasks.balancing.standby import Standby, ThroughStandby
from tasks.running.errors import Refused, TaskError
from tasks.running.log import Log


def look_up(
    aws: Aws, instance: str, load_balancers: Iterable[str], log: Log
) -> tuple[Instance, list[LoadBalancer], Memory]:
    """Find the instance and its load balancers, and say what was found.

    Raises:
        Refused: A name means nothing, or two things.
    """
    found = find_instance(aws, instance)
    log.say(f"{found.name} is {found.id}, {found.private_ip or 'no private IP'}, in {found.zone}")
    memory = Memory(aws, [found])
    log.steps(memory.doubts)
    balancers = find_load_balancers(aws, load_balancers, found, memory.addresses)
    return found, through_groups(aws, [found], balancers, log), memory


def check_still_meant(aws: Aws, wanted: str, instance: Instance) -> None:
    """See that *wanted* means *instance* still: when it was found, AWS may have told of one that was gone.

    Source: AWS, ec2/eventual-consistency.

    Raises:
        TaskError: It means another one, or none.
    """
    if wanted == instance.id:
        return
    try:
        now = find_instance(aws, wanted)
    except Refused as error:
        raise TaskError(f"{error.what} any more, and {instance.id} was detached", error.advice) from None
    if now.id != instance.id:
        raise TaskError(
            f"{wanted} is {now.id} by now, and {instance.id} was detached, which had been {wanted} before",
            f"Run this again for {now.id}",
        )


def through_groups(
    aws: Aws, instances: Sequence[Instance], balancers: Sequence[LoadBalancer], log: Log
) -> list[LoadBalancer]:
    """Have members of Auto Scaling groups leave through Standby, from all that is attached to their groups.

    Raises:
        Refused: A group could not take its members back.
    """
    groups = find_groups(aws, {instance.group for instance in instances if instance.group})
    if not groups:
        return list(balancers)
    every = list(balancers)
    for group in groups.values():
        if LAUNCHING in group.suspended:
            resume = f"aws autoscaling resume-processes --auto-scaling-group-name {group.name}"
            raise Refused(
                f"process Launch is suspended in Auto Scaling group {group.name}, so that no member could "
                "come back from Standby",
                f"Resume it first: {resume} --scaling-processes Launch",
            )
        log.say(f"{group.name} (Auto Scaling group): its members leave through Standby")
        more = sorted(group.addresses - {balancer.address for balancer in every})
        if more:
            log.say(f"{group.name}: {', '.join(more)} attached as well, so they leave that too")
            every += [find_load_balancer(aws, address) for address in more]
    standbys = {name: Standby(aws, group, log) for name, group in groups.items()}
    return [ThroughStandby(balancer, standbys) for balancer in every]
