"""What a server hands to an agent, and who is told what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gocd.pipeline import Fetch, Job, Material, Stage, Task
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


def instances(job: Job) -> Iterator[tuple[str, tuple[int, int] | None]]:
    """The names under which *job* runs, with number and count where it is a numbered one of several."""
    if job.run_instances is None:
        yield job.name, None
    elif isinstance(job.run_instances, str):
        yield f"{job.name}-runOnAll-1", None
    else:
        for number in range(1, job.run_instances + 1):
            yield f"{job.name}-runInstance-{number}", (number, job.run_instances)
