"""Evidence from the instances themselves that nothing leads to them any more."""

from collections.abc import Sequence

from tasks.aws.instances import Instance
from tasks.aws.load_balancer import Place
from tasks.aws.target import Target, number
from tasks.hosts.idleness import Hosts
from tasks.running.waiting import Wait


class Evidence:
    """What the hosts say of their connections; they are asked no more once one has no evidence to give.

    Attributes:
        lacking: Why there is none, empty as long as there may be.
        seen: What was open at the last look, in words.
    """

    def __init__(self, hosts: Hosts | None, wait: Wait, lacking: str = "") -> None:
        self._hosts = hosts
        self._wait = wait
        self.lacking = lacking if hosts else "nobody counts its connections"
        self.seen = ""

    def nothing_open(self, places: Sequence[Place]) -> bool:
        """Return whether no connection is open on any of these."""
        if self.lacking or not self._hosts:
            return False
        ports: dict[str, tuple[Instance, tuple[int, ...]]] = {}
        for place in places:
            if elsewhere := _elsewhere(place):
                self._lacks(place.instance.name, f"connections to {elsewhere} are not counted")
                return False
            _, known = ports.get(place.instance.id, (place.instance, ()))
            here = (number(port) for port in place.ports)
            ports[place.instance.id] = (place.instance, tuple(sorted({*known, *here})))
        counted = self._hosts.look(ports, self._wait)
        names = {key: instance.name for key, (instance, _) in ports.items()}
        for key in (key for key in names if counted[key].connections is None):
            self._lacks(names[key], counted[key].why)
        if self.lacking:
            return False
        self.seen = ", ".join(
            f"{names[key]} {counted[key].connections}" for key in names if counted[key].connections
        )
        if self.seen:
            self._wait.log.say(f"connections still open: {self.seen}")
        else:
            self._wait.log.say(
                f"{', '.join(names.values())}: no connection open, seen twice; the drain ends here"
            )
        return not self.seen

    def _lacks(self, name: str, why: str) -> None:
        self.lacking = why
        self._wait.log.say(f"{name}: no evidence that it is idle ({why}); it gets the whole time")


def _elsewhere(place: Place) -> str:
    """An address that it is registered by and whose connections its instance does not count, if any."""
    addresses = [port.address for port in place.ports if isinstance(port, Target)]
    return next((each for each in addresses if each not in ("", place.instance.private_ip)), "")
