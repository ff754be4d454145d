"""What is said of a clone that is well: who is in it, and what comes next."""

from collections.abc import Iterator

from tasks.aws.api import Aws
from tasks.aws.target_groups import groups_by_arn
from tasks.environments.fleet import Fleet


def said(aws: Aws, name: str, source: str, fleet: Fleet, calls: int) -> Iterator[str]:
    """Yield the last lines of a clone's command."""
    groups = groups_by_arn(aws, fleet.target_groups)
    for group in groups:
        if not group.balancers:
            yield f"{group.name}: no load balancer sends to it, so nobody checks its targets until one does"
    yield f"{name}: well, a clone of {source}, {calls} AWS calls"
    for group in groups:
        yield f"next: gocd-tasks switch-traffic {group.name} --load-balancer LB"
