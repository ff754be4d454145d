"""Put an instance back into its load balancers and wait until it serves."""

from tasks import options
from tasks.balancing.attach import join
from tasks.balancing.batch import Batch
from tasks.balancing.lookup import connect, look_up
from tasks.frame import running
from tasks.locking.locks import locked
from tasks.running.clock import SystemClock
from tasks.running.console import Color
from tasks.running.waiting import Wait


def command(
    instance: options.Instance,
    load_balancer: options.LoadBalancers,
    timeout: options.Timeout = None,
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Put an instance back into its load balancers and wait until it serves.

    Example: gocd-tasks attach-instance Staging-1 --load-balancer staging
    """
    with running("attach-instance", events, color) as log:
        aws = connect(log)
        found, balancers, memory = look_up(aws, instance, load_balancer, log)
        wait = Wait(SystemClock(), log)
        names = [balancer.address for balancer in balancers]
        with locked(names, lock, lock_wait, "attach-instance", aws, wait, log, dry_run=dry_run) as locks:
            if locks.contended:
                found, balancers, memory = look_up(aws, instance, names, log)
            locks.check()
            join(Batch((found,)), balancers, memory, wait, log, timeout=timeout, dry_run=dry_run)
