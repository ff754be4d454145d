"""Put an instance back into its load balancers and wait until it serves."""

from tasks import options
from tasks.balancing.attach import plan_attach
from tasks.balancing.batch import Batch
from tasks.balancing.ending import Ending
from tasks.balancing.floor import AwsNeighbours, parse_floor
from tasks.balancing.lookup import look_up
from tasks.frame import running
from tasks.hosts.idleness import SsmHosts
from tasks.locking.locks import Locking
from tasks.running.console import Color
from tasks.traffic.coming_back import come_back
from tasks.traffic.options import Traffic, TrafficSettle
from tasks.traffic.so_far import Users, ask_traffic


def command(
    instance: options.Instance,
    load_balancer: options.LoadBalancers,
    timeout: options.Timeout = None,
    traffic: Traffic = None,
    traffic_settle: TrafficSettle = 20,
    min_healthy: options.MinHealthy = "1",
    lock: options.LockChoice = "auto",
    lock_wait: options.LockWait = 0,
    dry_run: options.DryRun = False,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Put an instance back into its load balancers and wait until it serves.

    While traffic is under way it is taken out again if users are hurt.

    Example: gocd-tasks attach-instance Staging-1 --load-balancer staging
    """
    with running("attach-instance", events, color) as task:
        floor = parse_floor(min_healthy, AwsNeighbours(task.aws))
        users = Users(ask_traffic(traffic, task.wait.clock), traffic_settle)
        found, balancers, memory = look_up(task.aws, instance, load_balancer, task.log)
        ending = Ending(SsmHosts(task.aws, f"{found.name}: counting connections"))
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
            come_back(plan, users, floor, ending, task.wait, timeout=timeout)
