"""What templates there are, and what each of them can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pipelines
from gocd.files import read_bounded

# How a release is placed; a site that has added a way of its own writes that in by hand.
WAYS = ("ssm", "codedeploy", "command")


@dataclass(frozen=True)
class Template:
    """One of them, with what it says where a site says nothing.

    Args:
        source: The text that it is made from.
        machines: Those that it names; none if it names no machine.
        load_balancers: How many it can be about.
        ways: How it can place a release.
        starts_itself: Whether a build that passes may start it.
    """

    name: str
    source: str
    machines: tuple[str, ...] = ()
    load_balancer: str = ""
    load_balancers: int = 0
    ways: tuple[str, ...] = ()
    starts_itself: bool = False

    @property
    def text(self) -> str:
        return read_bounded(Path(__file__).with_name(f"{self.source}.yaml")).decode()

    @property
    def shipped(self) -> Path:
        """The file as it comes with this package."""
        return Path(pipelines.__path__[0]) / f"{self.name}.gocd.yaml"


_MANY = 100
_ALL = (
    Template("staging", "staged", ("Staging-1", "Staging-2"), "staging", _MANY, WAYS, starts_itself=True),
    Template("production", "staged", ("Production-1", "Production-2"), "production", _MANY, WAYS),
    Template("rolling", "rolling", (), "web", _MANY, WAYS, starts_itself=True),
    Template("herd-upgrade", "herd-upgrade"),
    # Its instances come and go, and CodeDeploy's groups of one machine alone would have to as well.
    Template("blue-green", "blue-green", (), "web", 1, ("ssm", "command"), starts_itself=True),
)
TEMPLATES = {each.name: each for each in _ALL}


def shipped(name: str) -> Path | None:
    """Return the file of the template with this *name*, if there is one."""
    template = TEMPLATES.get(name)
    return template.shipped if template else None
