"""Waiting for the load balancer's word that an instance serves."""

from collections.abc import Sequence

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer, State
from tasks.errors import TaskError, TimedOut
from tasks.next_command import next_command
from tasks.waiting import Wait, near, soon


def register(instance: Instance, balancer: LoadBalancer, ports: tuple[int, ...], wait: Wait) -> None:
    """Register *instance*, after the rest of its drain where the load balancer insists on that."""
    settings = balancer.settings()
    if not settings.takes_back:
        wait.until_done(
            lambda: _leaving(instance, balancer), pace=near(settings.drain), within=settings.drained_within
        )
    balancer.register(instance, ports)


def _leaving(instance: Instance, balancer: LoadBalancer) -> str | None:
    if balancer.roster(instance).of(instance).state is State.LEAVING:
        return f"{instance.name}: draining from {balancer.name}, which takes no address back before"
    return None


def wait_until_serving(
    instance: Instance, balancers: Sequence[LoadBalancer], wait: Wait, timeout: float | None = None
) -> float:
    """Return, after so many seconds, once every load balancer calls *instance* healthy.

    Args:
        timeout: Seconds; by default what the load balancers' own health check settings allow for.

    Raises:
        TaskError: A load balancer says that it can never serve as things are; at once.
        TimedOut: It is not healthy in time; it stays registered.
    """
    pending = list(balancers)
    within = max(balancer.settings().healthy_within for balancer in balancers) if timeout is None else timeout

    def look() -> str | None:
        while pending:
            balancer = pending[0]
            member = balancer.roster(instance).of(instance)
            if member.state is State.STUCK:
                raise TaskError(f"{instance.name} cannot serve in {balancer.name} as it is ({member.words})")
            if member.state is not State.SERVING:
                if member.state is State.UNHEALTHY:
                    check = f" (health check {balancer.settings().health_check})"
                    return f"{instance.name}: {member.words} in {balancer.name}{check}"
                return f"{instance.name}: registered with {balancer.name}"
            pending.pop(0)
        return None

    try:
        return wait.until_done(look, pace=soon, within=within)
    except TimedOut as late:
        named = ", ".join(balancer.name for balancer in pending)
        raise TimedOut(
            f"{instance.name} did not become healthy in {named} in {within:.0f} s ({late.what})",
            f"Look at it, then: {next_command('attach-instance', instance.name, *balancers)}",
        ) from None
