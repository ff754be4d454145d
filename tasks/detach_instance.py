"""Take an instance out of its load balancers and wait until no request can reach it."""

from tasks import options
from tasks.balancing.batch import Batch
from tasks.balancing.detach import leave
from tasks.balancing.floor import parse_floor
from tasks.balancing.idle_drain import DrainUntilIdle
from tasks.balancing.lookup import connect, look_up
from tasks.balancing.neighbours import AwsNeighbours
from tasks.frame import running
from tasks.hosts.idleness import SsmHosts
from tasks.locking.locks import locked
from tasks.running.clock import SystemClock
from tasks.running.console import Color
from tasks.running.waiting import Wait


def command(
    instance: options.Instance,
    load_balancer: options.LoadBalancers,
    min_healthy: options.MinHealthy = "1",
    until_idle: options.UntilIdle = False,
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
    with running("detach-instance", events, color) as log:
        aws = connect(log)
        floor = parse_floor(min_healthy, AwsNeighbours(aws))
        found, balancers, memory = look_up(aws, instance, load_balancer, log)
        wait = Wait(SystemClock(), log)
        names = [balancer.address for balancer in balancers]
        with locked(names, lock, lock_wait, "detach-instance", aws, wait, log, dry_run=dry_run) as locks:
            if locks.contended:
                found, balancers, memory = look_up(aws, instance, names, log)
            locks.check()
            leave(
                *(Batch((found,)), balancers, floor, memory, wait, log),
                timeout=timeout,
                until_idle=DrainUntilIdle(SsmHosts(aws, f"{found.name}: draining"), log)
                if until_idle
                else None,
                dry_run=dry_run,
            )
