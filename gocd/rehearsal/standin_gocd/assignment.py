"""What a server hands to an agent, and who is told what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gocd.pipeline import Fetch, Job, Material, Stage, Task
from gocd.rehearsal.standin_gocd.history import JobState
from gocd.rehearsal.standin_gocd.runs import TaskRun
from gocd.rehearsal.standin_gocd.variables import Variable
from gocd.running_job import RunningJob


@dataclass(frozen=True)
class Assignment:
    """One job to run, and all an agent must know for it."""

    running: RunningJob
    stage: Stage
    plan: Job
    materials: tuple[Material, ...]
    variables: tuple[Variable, ...]
    artifacts: Path
    """Where the job publishes."""
    published: Callable[[Fetch], Path]
    """The folder of what the job named by a fetch task has published; raises GoCDError if it never ran."""
    report: Callable[[JobState], None]
    """Told how far the job is."""
    checkout: Path | None = None
    """The repository that every checked-out material is a copy of; None checks nothing out."""
    leave_out: Path = Path()
    """A folder inside the repository that is not copied: the rehearsal's own."""
    speed: float = 1.0
    """Divides the seconds for which an agent itself waits."""


@dataclass(frozen=True)
class StartedTask:
    """A task that an agent begins, and the means to lose that agent in the middle of it."""

    job: RunningJob
    task: Task
    kill: Callable[[], None]
    """SIGKILL the task's processes and the agent with them; from any thread, now or later."""


def _nobody(*_: object) -> None:
    return


@dataclass(frozen=True)
class Hooks:
    """Called as things happen, from whichever thread runs the job; parallel jobs call at the same time."""

    line: Callable[[RunningJob, str], None] = _nobody
    """Each line of a job's console, without time, secrets masked."""
    task_started: Callable[[StartedTask], None] = _nobody
    task_ended: Callable[[TaskRun], None] = _nobody
    waits: Callable[[RunningJob, str], None] = _nobody
    """A job that no agent has taken at once, and why."""
