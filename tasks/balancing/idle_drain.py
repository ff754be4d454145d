"""Ending a drain early, on evidence from the hosts that no request is in flight.

An Application or Network Load Balancer says "draining" for the whole delay even when nothing is left to
answer (AWS, application/edit-target-group-attributes).
"""

from collections.abc import Sequence

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import Place
from tasks.aws.target import Target, number
from tasks.hosts.idleness import Hosts
from tasks.running.log import Log
from tasks.running.waiting import Pace, Wait

# Seconds after the order before which nothing is proof: the load balancer's own nodes learn of it one by one.
EARLIEST = 20.0

# Seconds between looks at hosts that were still busy.
AGAIN = 5.0


class DrainUntilIdle:
    """Decides whether a drain can end now; gives up for this one when a host has no evidence to give."""

    def __init__(self, hosts: Hosts, log: Log) -> None:
        self._hosts = hosts
        self._log = log
        self._hopeless = False
        self._earliest = 0.0
        self._started = 0.0

    def starts(self, now: float, ordered: float) -> None:
        """Note when the order was given, on the clock; a run before this one may have given it."""
        self._hopeless = False
        self._started = now
        self._earliest = max(0.0, ordered + EARLIEST - now)

    def pace(self, usual: Pace) -> Pace:
        """Look as *usual*, and often from the first moment on at which the hosts can prove anything."""

        def pace(elapsed: float) -> float:
            if self._hopeless:
                return usual(elapsed)
            if elapsed < self._earliest:
                return min(usual(elapsed), self._earliest - elapsed)
            return min(usual(elapsed), AGAIN)

        return pace

    def ended(self, draining: Sequence[Place], wait: Wait) -> bool:
        """Return whether nothing is in flight on any of these any more."""
        if self._hopeless or wait.clock.now() - self._started < self._earliest:
            return False
        ports: dict[str, tuple[Instance, tuple[int, ...]]] = {}
        for place in draining:
            if elsewhere := _elsewhere(place):
                self._hopeless = True
                name = place.instance.name
                self._log.say(f"{name}: connections to {elsewhere} are not counted; it gets the whole drain")
                return False
            _, known = ports.get(place.instance.id, (place.instance, ()))
            here = (number(port) for port in place.ports)
            ports[place.instance.id] = (place.instance, tuple(sorted({*known, *here})))
        seen = self._hosts.look(ports, wait)
        for key, (instance, _) in ports.items():
            if seen[key].connections is None:
                self._hopeless = True
                self._log.say(
                    f"{instance.name}: no evidence that it is idle ({seen[key].why}); it gets the whole drain"
                )
        if self._hopeless:
            return False
        names = ", ".join(instance.name for instance, _ in ports.values())
        if busy := {key: each.connections for key, each in seen.items() if each.connections}:
            there = ", ".join(f"{ports[key][0].name} {count}" for key, count in busy.items())
            self._log.say(f"connections still open: {there}")
            return False
        self._log.say(f"{names}: no connection open, seen twice; the drain ends here")
        return True


def _elsewhere(place: Place) -> str:
    """An address that it is registered by and whose connections its instance does not count, if any."""
    addresses = [port.address for port in place.ports if isinstance(port, Target)]
    return next((each for each in addresses if each not in ("", place.instance.private_ip)), "")
