"""Take an instance out of its load balancers and wait until no request can reach it."""

from tasks import options
from tasks.balancing.batch import Batch
from tasks.balancing.detach import detach
from tasks.balancing.detach_plan import DetachPlan, plan_detach
from tasks.balancing.ending import Ending
from tasks.balancing.floor import AwsNeighbours, parse_floor
from tasks.balancing.lag import planned_again
from tasks.balancing.lookup import check_still_meant, look_up
from tasks.frame import running
from tasks.hosts.idleness import SsmHosts
from tasks.locking.locks import Locking
from tasks.running.console import Color


def command(
    instance: options.Instance,
    load_balancer: options.LoadBalancers,
    min_healthy: options.MinHealthy = "1",
    until_idle: options.UntilIdle = False,
    require_drain: options.RequireDrain = 0,
    lag: options.Lag = None,
    connections_within: options.ConnectionsWithin = None,
    timeout: options.Timeout = None,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Take an instance out of its load balancers and wait until it has drained.

    Example: gocd-tasks detach-instance Staging-1 --load-balancer staging
    """
    with running("detach-instance", events, color) as task:
        floor = parse_floor(min_healthy, AwsNeighbours(task.aws))
        found, balancers, memory = look_up(task.aws, instance, load_balancer, task.log)
        hosts = SsmHosts(task.aws, f"{found.name}: counting connections")
        ending = Ending(hosts, until_idle, lag, connections_within)
        addresses = [balancer.address for balancer in balancers]
        locking = Locking(lock, lock_wait, task.name, task.aws, task.wait)

        def planned() -> DetachPlan:
            one = Batch((found,))
            return plan_detach(one, balancers, floor, memory, task.wait, ending, require_drain=require_drain)

        if dry_run:
            locking.tell(addresses)
            task.log.steps(planned().steps)
            return
        with locking.held(addresses) as locks:
            if locks.contended:
                found, balancers, memory = look_up(task.aws, instance, addresses, task.log)
            plan = planned_again(planned, task.wait)
            locks.check()
            detach(plan, floor, memory, task.wait, timeout=timeout)
            check_still_meant(task.aws, instance, found)
