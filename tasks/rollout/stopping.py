"""Stopping a server that does not have the release, gracefully: drained first, then shut down."""

from collections.abc import Sequence
from typing import Protocol

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import LoadBalancer
from tasks.balancing.absences import Memory
from tasks.balancing.batch import Batch
from tasks.balancing.detach import leave
from tasks.balancing.floor import Floor
from tasks.running.errors import TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait, soon

# Seconds that an operating system may take to shut down.
SHUTDOWN = 600.0


class Machines(Protocol):
    """Who turns instances off."""

    def stop(self, instance: Instance) -> None:
        """Order the shutdown; safe to repeat."""

    def stopped(self, instance: Instance) -> bool: ...


def stop_gracefully(
    instance: Instance,
    balancers: Sequence[LoadBalancer],
    machines: Machines,
    floor: Floor,
    memory: Memory,
    wait: Wait,
    log: Log,
) -> None:
    """Stop *instance* once no request can reach it; a member of an Auto Scaling group from Standby.

    What it was taken out of stays remembered, so that it can be started and attached again.

    Raises:
        FloorBroken: The load balancers cannot spare it; it goes on serving.
        TimedOut: It does not stop.
    """
    leave(Batch((instance,)), balancers, floor, memory, wait, log)
    machines.stop(instance)
    log.stands(f"{instance.name} is being stopped")

    def look() -> str | None:
        return None if machines.stopped(instance) else f"{instance.name}: stopping"

    try:
        wait.until_done(look, pace=soon, within=SHUTDOWN)
    except TimedOut:
        raise TimedOut(f"{instance.name} has not stopped after {SHUTDOWN:.0f} s") from None
    log.say(f"{instance.name}: stopped")
    log.event("stopped", instance=instance.name)
