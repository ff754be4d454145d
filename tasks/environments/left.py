"""Since when nobody is led to an environment, by what switches have left in AWS."""

from collections.abc import Collection
from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.parameter import Look, Parameter
from tasks.running.clock import Clock
from tasks.running.errors import Refused
from tasks.switching.record import PATH, State, Switch


@dataclass(frozen=True)
class Left:
    """A switch that led users away.

    Args:
        to: Who has them since.
        ago: Seconds since it ended, by AWS's clock.
    """

    to: str
    ago: float


def last_left(aws: Aws, clock: Clock, names: Collection[str]) -> Left | None:
    """Return the last switch away from what is called one of *names*, or None.

    Raises:
        Refused: One is under way.
    """
    found = []
    told = aws.pages("ssm", "get_parameters_by_path", "Parameters", Path=PATH, Recursive=True)
    for name in sorted(each["Name"] for each in told):
        look = Parameter(aws, name, "the record of a switch", clock).look()
        if switch := _switch(look):
            if switch.state is State.UNDER_WAY and {switch.blue, switch.green} & {*names}:
                raise Refused(
                    f"a switch from {switch.blue} to {switch.green} is under way, at {switch.at}%",
                    "Have it end first, or take users back with switch-traffic --back",
                )
            away, to = _ended(switch)
            if away in names:
                found.append((look.changed, Left(to, look.age)))
    # By AWS's own time, to the fraction: that of an answer, which an age counts to, has whole seconds.
    return max(found, key=lambda each: each[0])[1] if found else None


def _switch(look: Look) -> Switch | None:
    try:
        return Switch.read(look.content)
    except ValueError:
        return None


def _ended(switch: Switch) -> tuple[str, str]:
    """Return whom users were led away from, and to whom."""
    forth = (switch.blue, switch.green)
    return forth if switch.state is State.DONE else (switch.green, switch.blue)
