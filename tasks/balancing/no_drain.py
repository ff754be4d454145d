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


def refuse_short_drain(balancers: Iterable[LoadBalancer], required: float) -> None:
    """Refuse those of *balancers* that cut off requests in flight sooner than *required* seconds.

    Raises:
        Refused: There is one.
    """
    for balancer in balancers:
        settings = balancer.settings()
        if settings.drain < required and not settings.stays:
            cut = f"{balancer.title} cuts off requests in flight after {settings.drain:.0f} s"
            raise Refused(
                f"{cut}, and --require-drain is {required:.0f}",
                f"Let its connection draining or deregistration delay be {required:.0f} s or more",
            )
