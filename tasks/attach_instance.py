"""Put an instance back into its load balancers and wait until it serves."""

from tasks import options
from tasks.balancing.attach import attach, plan_attach
from tasks.balancing.batch import Batch
from tasks.balancing.lookup import look_up
from tasks.frame import running
from tasks.locking.locks import Locking
from tasks.running.console import Color


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
    with running("attach-instance", events, color) as task:
        found, balancers, memory = look_up(task.aws, instance, load_balancer, task.log)
        addresses = [balancer.address for balancer in balancers]
        locking = Locking(lock, lock_wait, task.name, task.aws, task.wait)
        if dry_run:
            locking.tell(addresses)
            task.log.steps(plan_attach(Batch((found,)), balancers, memory).steps)
            return
        with locking.held(addresses) as locks:
            if locks.contended:
                found, balancers, memory = look_up(task.aws, instance, addresses, task.log)
            plan = plan_attach(Batch((found,)), balancers, memory)
            locks.check()
            attach(plan, task.wait, timeout=timeout)
