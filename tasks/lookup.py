"""From what a person typed to what a task works on."""

from collections.abc import Iterable

from tasks.aws.balancer_lookup import find_load_balancers
from tasks.aws.connect import Aws
from tasks.aws.instances import Instance, find_instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.clock import SystemClock
from tasks.log import Log
from tasks.memory import Memory


def connect(log: Log) -> Aws:
    """Open AWS, its calls counted in what *log* tells."""
    aws = Aws(SystemClock(), log.say)
    log.calls = lambda: aws.calls
    return aws


def look_up(
    aws: Aws, instance: str, load_balancers: Iterable[str], log: Log
) -> tuple[Instance, list[LoadBalancer], Memory]:
    """Find the instance and its load balancers, and say what was found.

    Raises:
        Refused: A name means nothing, or two things.
    """
    found = find_instance(aws, instance)
    log.say(f"{found.name} is {found.id}, {found.private_ip or 'no private IP'}, in {found.zone}")
    if group := found.tags.get("aws:autoscaling:groupName"):
        # A group that checks health by its load balancer takes a deregistered member for a failed one.
        log.say(f"{found.name} belongs to Auto Scaling group {group}, which may replace it while it is out")
    memory = Memory(aws, found)
    return found, find_load_balancers(aws, load_balancers, found, memory.addresses), memory
