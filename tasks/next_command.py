"""The command that a person can run next, ready to paste."""

import shlex

from tasks.aws.load_balancer import LoadBalancer


def next_command(task: str, instance: str, *balancers: LoadBalancer) -> str:
    """Return the command line of *task* for one instance and its load balancers.

    Load balancers are named by their address, which means one thing only wherever it is run.
    """
    words = ["gocd-tasks", task, instance]
    for balancer in balancers:
        words += ["--load-balancer", balancer.address]
    return shlex.join(words)
