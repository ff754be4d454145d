"""Load balancers that give requests in flight no time to be answered once an instance leaves.

Sources: AWS, classic/config-conn-drain: with connection draining off they are closed at once;
application/edit-target-group-attributes and network/edit-target-group-attributes: a deregistration delay
of 0.
"""

from collections.abc import Iterable

from tasks.aws.load_balancer import LoadBalancer
from tasks.running.errors import Refused


def has_no_drain(balancer: LoadBalancer) -> bool:
    settings = balancer.settings()
    return not (settings.drain or settings.stays)


def refuse_without_drain(balancers: Iterable[LoadBalancer]) -> None:
    """Refuse those of *balancers* that have no drain.

    Raises:
        Refused: There is one.
    """
    names = [balancer.title for balancer in balancers if has_no_drain(balancer)]
    if names:
        raise Refused(
            f"{' and '.join(names)} would cut off requests in flight, and --require-drain forbids it",
            "Turn connection draining on, or set a deregistration delay",
        )
