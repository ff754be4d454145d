"""What happened in a rehearsed pipeline: results of tasks, jobs, stages and the run as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gocd.pipeline import Task
from gocd.running_job import RunningJob


class Status(Enum):
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """The agent died; GoCD gives the job to another one."""
    WAITING = "waiting for approval"


@dataclass(frozen=True)
class TaskRun:
    """One task that ran; ``started`` and ``ended`` are monotonic, ``started_at`` counts from the epoch."""

    job: RunningJob
    task: Task
    status: Status
    started: float
    ended: float
    started_at: float
    exit_code: int | None = None
    """None when there was no process, or it could not be started; 128 + n after signal n."""
    last_line: str = ""
    """The last line of output; after a failure that of stderr, if there was any, for it says why."""

    @property
    def description(self) -> str:
        return self.task.description

    @property
    def seconds(self) -> float:
        return self.ended - self.started


@dataclass(frozen=True)
class JobRun:
    job: RunningJob
    status: Status
    tasks: tuple[TaskRun, ...]
    artifacts: Path
    """What it published, and ``cruise-output/console.log``."""
    tabs: Mapping[str, Path]
    """The file behind each tab; it may be missing, as it may in GoCD."""
    workplace: Path
    """The folder on its agent that its tasks ran in."""
    problem: str = ""
    """Why it failed, where no task did: a missing artifact, an impossible checkout."""

    @property
    def console_log(self) -> Path:
        return self.artifacts / "cruise-output" / "console.log"


@dataclass(frozen=True)
class StageRun:
    """One run of a stage; its jobs include those whose agent was lost, each before the one that took over."""

    name: str
    counter: int
    status: Status
    jobs: tuple[JobRun, ...]


def stage_status(jobs: Iterable[JobRun]) -> Status:
    """The status of a stage with these jobs; what a lost agent had done does not count."""
    found = {job.status for job in jobs}
    return next((status for status in (Status.CANCELLED, Status.FAILED) if status in found), Status.PASSED)


@dataclass(frozen=True)
class PipelineRun:
    """One instance of a pipeline, with every run of its stages so far in order."""

    pipeline: str
    counter: int
    label: str
    status: Status
    stages: tuple[StageRun, ...]
    waiting_for: str = ""
    """The manual stage that is next, when the status is WAITING."""
    is_locked: bool = False
    """Whether GoCD would refuse to start another instance now."""

    def tasks(self) -> Iterator[TaskRun]:
        return (task for stage in self.stages for job in stage.jobs for task in job.tasks)
