"""What state each instance was in, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gocd.report.event_files import Event

SERVING = "serving"
DRAINING = "draining"
OUT = "out"
DEPLOYING = "deploying"
JOINING = "joining"
# Tasks that are newer than this page may tell of others; those are shown by their own words.
STATES = (SERVING, DRAINING, OUT, DEPLOYING, JOINING)

ENTERED = {
    "leaving": DRAINING,
    "detached": OUT,
    "installing": DEPLOYING,
    "joining": JOINING,
    "serving": SERVING,
    "put back": SERVING,
}
# What an instance must have been before the first that is known of it.
BEFORE = {
    DRAINING: SERVING,
    OUT: OUT,
    JOINING: OUT,
    SERVING: SERVING,
}
# Events that tell of a task, not of a state that the instance it is about gets into.
OF_TASKS = frozenset({"started", "ended", "skipped", "halted"})


@dataclass(frozen=True)
class Stay:
    """A time in one state; *state* may be a word that is not of ``STATES``, None ends are open."""

    state: str
    start: float | None
    end: float | None


@dataclass(frozen=True)
class InstanceStates:
    name: str
    stays: tuple[Stay, ...]


@dataclass(frozen=True)
class _Step:
    """One instance enters a state; an empty one means that its deployment is over."""

    at: float
    instance: str
    state: str


def instance_states(groups: Iterable[Sequence[Event]]) -> tuple[InstanceStates, ...]:
    """Return the states of each instance, from the events of each run; the first to change is first."""
    of_instance: dict[str, list[_Step]] = {}
    for step in sorted((step for group in groups for step in _steps(group)), key=lambda step: step.at):
        of_instance.setdefault(step.instance, []).append(step)
    return tuple(InstanceStates(name, tuple(_stays(steps))) for name, steps in of_instance.items())


def _steps(events: Sequence[Event]) -> Iterator[_Step]:
    about = dict.fromkeys(event.instance for event in events if event.instance)
    if events[0].task == "deploy-artifact":
        # It works on its one instance from its start, although only later events name it.
        yield from (_Step(events[0].at, instance, DEPLOYING) for instance in about)
    for event in events:
        if event.instance and event.state not in OF_TASKS:
            over = event.state == "deployed"
            yield _Step(event.at, event.instance, "" if over else ENTERED.get(event.state, event.state))
        elif event.state == "ended":
            yield from (_Step(event.at, instance, "") for instance in about)


def _stays(steps: Sequence[_Step]) -> list[Stay]:
    before = next((BEFORE[state] for step in steps if (state := step.state) in BEFORE), None)
    stays = [Stay(before, None, None)] if before else []
    resting: str | None = before
    for step in steps:
        now = stays[-1].state if stays else None
        entered: str | None = step.state
        if not entered:
            # Clocks may differ: a deployment that another state has followed already is over anyway.
            if now != DEPLOYING:
                continue
            entered = resting
        elif entered != DEPLOYING:
            resting = entered
        if entered == now:
            continue
        if stays:
            stays[-1] = replace(stays[-1], end=step.at)
        if entered:
            stays.append(Stay(entered, step.at, None))
    return stays
