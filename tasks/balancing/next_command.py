"""The command that brings an instance further, ready to paste."""

from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.batch import Batch
from tasks.running.next_command import gocd_tasks


def next_command(task: str, instances: Batch | str, *balancers: LoadBalancer) -> str:
    """Return the command line of *task* for an instance and its load balancers; for several, one each.

    Load balancers are named by their address, which means one thing only wherever it is run.
    """
    named = [instances] if isinstance(instances, str) else [instance.name for instance in instances]
    words = [word for balancer in balancers for word in ("--load-balancer", balancer.address)]
    return "; ".join(gocd_tasks(task, name, *words) for name in named)
