"""Runs of tasks, put together from their events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from gocd.report.event_files import Event


class Ending(str, Enum):
    """How a task ended, by its exit code."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    NOT_SEEN = "no end seen"


OUTCOMES = {0: Ending.DONE, 2: Ending.REFUSED, 3: Ending.TIMED_OUT, 130: Ending.CANCELLED} | {
    143: Ending.CANCELLED
}


@dataclass(frozen=True)
class TaskRun:
    """One run of one task; times are seconds since 1970.

    Args:
        until: When it ended, or was last heard of.
        ended: Whether its end was recorded; a run that was killed, or still runs, has none.
        said: Its error line, if it had one.
    """

    pipeline: str
    stage: str
    job: str
    task: str
    instances: tuple[str, ...]
    start: float
    until: float
    ended: bool
    outcome: Ending
    said: str

    @property
    def name(self) -> str:
        """What it does: ``detach-instance Staging-1``."""
        first, *others = self.instances or ("",)
        return f"{self.task} {first}".rstrip() + (f" and {len(others)} more" if others else "")

    @property
    def place(self) -> str:
        """Where GoCD ran it: ``Staging-1-out/1 deploy``; empty outside of GoCD."""
        return f"{self.stage} {self.job}".strip()


def grouped(events: Iterable[Event]) -> list[list[Event]]:
    """Return the events of each run together, in the order in which the runs began."""
    groups: list[list[Event]] = []
    running: dict[tuple[str, ...], list[Event]] = {}
    for event in events:
        key = (event.pipeline, event.stage, event.job, event.task, event.process)
        if event.state == "started" or key not in running:
            # Whatever ran under this key before was killed.
            running[key] = []
            groups.append(running[key])
        running[key].append(event)
        if event.state == "ended":
            del running[key]
    return groups


def run_of(events: Sequence[Event]) -> TaskRun:
    """Return the run that *events*, in order and at least one, are of."""
    first, last = events[0], events[-1]
    ended = last.state == "ended"
    return TaskRun(
        first.pipeline,
        first.stage,
        first.job,
        first.task,
        tuple(dict.fromkeys(event.instance for event in events if event.instance)),
        first.at,
        last.at,
        ended,
        _ending(last.exit_code) if ended else Ending.NOT_SEEN,
        last.error,
    )


def _ending(code: int | None) -> Ending:
    # An end that does not say how it was is no good one.
    return Ending.FAILED if code is None else OUTCOMES.get(code, Ending.FAILED)
