"""Since when nobody is led to an environment, by what switches have left in AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.parameter import Parameter, contents_under
from tasks.running.clock import Clock
from tasks.running.errors import Refused
from tasks.switching.record import PATH, State, Switch
from tasks.switching.turns import last_of


@dataclass(frozen=True)
class Left:
    """A switch that led users away.

    Args:
        to: Who has them since.
        ago: Seconds since it ended, by AWS's clock.
    """

    to: str
    ago: float


def last_left(aws: Aws, clock: Clock, names: Mapping[str, str]) -> Left | None:
    """Return the last switch away from what is called one of *names*, or None.

    Args:
        names: With what none of the same name has, made before or after; empty where that is not known.

    Raises:
        Refused: One is under way.
    """
    known: dict[str, list[tuple[Parameter, Switch]]] = {}
    for name, content in contents_under(aws, PATH, recursive=True).items():
        parameter = Parameter(aws, name, "the record of a switch", clock)
        if switch := _switch(parameter.look().content if content is None else content):
            place = name.removeprefix(f"{PATH}/").rpartition("/")[0]
            known.setdefault(place, []).append((parameter, switch))
    for place, switches in known.items():
        for _, switch in last_of(switches):
            if switch.state is State.UNDER_WAY and _about(switch, names):
                raise Refused(
                    f"a switch from {switch.blue} to {switch.green} is under way, at {switch.at}%",
                    "Have it end first, or take users back: gocd-tasks switch-traffic "
                    f"{switch.green} --back {_where(place)}",
                )
    found = []
    for parameter, switch in (each for switches in known.values() for each in switches):
        away, to = _ended(switch)
        if switch.state is not State.UNDER_WAY and away in _about(switch, names):
            look = parameter.look()
            found.append((look.changed, Left(to, look.age)))
    # By AWS's own time, to the fraction: that of an answer, which an age counts to, has whole seconds.
    return max(found, key=lambda each: each[0])[1] if found else None


def _switch(content: Mapping[str, Any]) -> Switch | None:
    try:
        return Switch.read(content)
    except ValueError:
        return None


def _about(switch: Switch, names: Mapping[str, str]) -> set[str]:
    """Return those of the names that a switch is about, and not one of the same name before it."""
    ids = dict(zip((switch.blue, switch.green), switch.ids, strict=False))
    both = {switch.blue, switch.green} & names.keys()
    return {name for name in both if not names[name] or ids.get(name, names[name]) == names[name]}


def _where(place: str) -> str:
    """Return the option that names a place."""
    zone, _, name = place.rpartition("/")
    return f"--record {name} --zone {zone}" if zone else f"--load-balancer {name}"


def _ended(switch: Switch) -> tuple[str, str]:
    """Return whom users were led away from, and to whom."""
    forth = (switch.blue, switch.green)
    return forth if switch.state is State.DONE else (switch.green, switch.blue)
