"""Which share of the users each of two environments was given, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gocd.report.event_files import Event
from gocd.report.instance_states import InstanceStates, Stay

ALL, NONE = "all users", "no users"

# Events after which one of them is there, and is there no more.
CAME, WENT = "created", frozenset({"deleted", "retired"})


def environment_states(events: Iterable[Event]) -> tuple[InstanceStates, ...]:
    """Return the shares of each, from events in the order of their times; who was left first is first."""
    of_environment: dict[str, list[Stay]] = {}
    came: dict[str, float] = {}
    for event in events:
        name = event.environment
        if event.state == CAME:
            came[name] = event.at
        if event.state in WENT and _is_there(stays := of_environment.get(name, [])):
            stays[-1] = replace(stays[-1], end=event.at)
        if event.state != "shifted" or event.share is None or not (event.blue and event.green):
            continue
        for name, before, share in ((event.blue, ALL, 100 - event.share), (event.green, NONE, event.share)):
            stays = of_environment.setdefault(name, [])
            if not _is_there(stays):
                stays.append(Stay(before, came.get(name), None))
            if (given := _words(share)) != stays[-1].state:
                stays[-1] = replace(stays[-1], end=event.at)
                stays.append(Stay(given, event.at, None))
    return tuple(InstanceStates(name, tuple(stays)) for name, stays in of_environment.items())


def _is_there(stays: list[Stay]) -> bool:
    return bool(stays) and stays[-1].end is None


def _words(share: int) -> str:
    return {0: NONE, 100: ALL}.get(share, f"{share}% of users")
