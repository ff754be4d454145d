"""What a server knows of the runs of its pipelines, while they go and afterwards."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from gocd.pipeline import Job, Pipeline, Stage
from gocd.rehearsal.standin_gocd.materials import Upstream
from gocd.rehearsal.standin_gocd.runs import JobRun, Status
from gocd.rehearsal.standin_gocd.variables import Values
from gocd.running_job import RunningJob


class JobState(Enum):
    """How far a job is.

    Source: GoCD's JobState.java
    """

    SCHEDULED = "Scheduled"
    ASSIGNED = "Assigned"
    PREPARING = "Preparing"
    BUILDING = "Building"
    COMPLETING = "Completing"
    COMPLETED = "Completed"


class Result(Enum):
    """What became of a job or a stage.

    Source: GoCD's JobResult.java and StageResult.java
    """

    UNKNOWN = "Unknown"
    PASSED = "Passed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


_RESULTS = {
    Status.PASSED: Result.PASSED,
    Status.FAILED: Result.FAILED,
    Status.CANCELLED: Result.CANCELLED,
}


class StageState(Enum):
    """How a stage stands.

    Source: GoCD's StageState.java
    """

    BUILDING = "Building"
    FAILING = "Failing"
    PASSED = "Passed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"

    @property
    def result(self) -> Result:
        return {
            StageState.PASSED: Result.PASSED,
            StageState.FAILING: Result.FAILED,
            StageState.FAILED: Result.FAILED,
            StageState.CANCELLED: Result.CANCELLED,
        }.get(self, Result.UNKNOWN)


@dataclass(frozen=True)
class Transition:
    state: JobState
    at: float
    """Seconds since the epoch."""


@dataclass(eq=False)
class JobInstance:
    """One job of one run of a stage, for whichever agents take it."""

    id: int
    plan: Job
    running: RunningJob
    number: tuple[int, int] | None = None
    """Which one of how many, for a job with a number of instances."""
    only_agent: str = ""
    """The one agent that may run it, for one of a job that runs on all."""
    is_rerun: bool = False
    copy_of: JobInstance | None = None
    """The job of an earlier run of the stage that counts here too, where only others were run again."""
    result: Result = Result.UNKNOWN
    agent: str = ""
    transitions: list[Transition] = field(default_factory=list)
    runs: list[JobRun] = field(default_factory=list)
    """What its agents did, those that were lost before the one that took over."""

    def __post_init__(self) -> None:
        if not self.transitions:
            self.enter(JobState.SCHEDULED)

    @property
    def state(self) -> JobState:
        return self.transitions[-1].state

    @property
    def is_over(self) -> bool:
        return self.state is JobState.COMPLETED

    @property
    def scheduled_at(self) -> float:
        return self.transitions[0].at

    @property
    def original(self) -> JobInstance:
        """The job that really ran, whose artifacts these are."""
        return self.copy_of.original if self.copy_of else self

    def enter(self, state: JobState) -> None:
        """Go on to *state*; a job that is over stays so, whatever its agent reports."""
        if not self.transitions or not self.is_over:
            self.transitions.append(Transition(state, time.time()))

    def reschedule(self) -> None:
        """Wait for an agent again, the last one being lost.

        Source: GoCD's ScheduleService.rescheduleJob
        """
        self.agent = ""
        self.transitions = [Transition(JobState.SCHEDULED, time.time())]

    def end(self, status: Status) -> None:
        if not self.is_over:
            self.enter(JobState.COMPLETED)
            self.result = _RESULTS[status]

    def cancel(self) -> None:
        """Be over at once, though its agent may still be at work.

        Source: GoCD's JobInstance.java
        """
        self.end(Status.CANCELLED)


@dataclass(eq=False)
class StageInstance:
    """One run of a stage."""

    id: int
    plan: Stage
    counter: int
    approved_by: str
    jobs: list[JobInstance]
    created_at: float = field(default_factory=time.time)
    rerun_of: int | None = None
    """The counter of the run of which only some jobs are run again."""
    cancelled_by: str | None = None

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def state(self) -> StageState:
        """How it stands, by its jobs.

        Source: GoCD's StageState.findByBuilds
        """
        results = {job.result for job in self.jobs}
        if not all(job.is_over for job in self.jobs):
            return StageState.FAILING if Result.FAILED in results else StageState.BUILDING
        if Result.CANCELLED in results:
            return StageState.CANCELLED
        return StageState.FAILED if Result.FAILED in results else StageState.PASSED

    @property
    def is_active(self) -> bool:
        return self.state in (StageState.BUILDING, StageState.FAILING)

    @property
    def result(self) -> Result:
        return self.state.result

    @property
    def last_transition_at(self) -> float:
        return max(job.transitions[-1].at for job in self.jobs)

    def job(self, name: str) -> JobInstance | None:
        return next((job for job in self.jobs if job.running.name == name), None)


@dataclass(frozen=True)
class Cause:
    """Why a pipeline runs."""

    approver: str
    message: str
    is_forced: bool = True


@dataclass(eq=False)
class PipelineInstance:
    """One run of a pipeline, with every run of its stages so far in order."""

    id: int
    pipeline: Pipeline
    counter: int
    label: str
    cause: Cause
    revisions: Mapping[str, str]
    """By material; a run of an upstream pipeline is known by its label."""
    upstream: Mapping[str, Upstream]
    values: Values
    comment: str | None = None
    created_at: float = field(default_factory=time.time)
    stages: list[StageInstance] = field(default_factory=list)

    def latest(self, stage: str) -> StageInstance | None:
        """The newest run of *stage*."""
        return next((run for run in reversed(self.stages) if run.name.lower() == stage.lower()), None)

    @property
    def is_active(self) -> bool:
        return any(stage.is_active for stage in self.stages)

    def following(self, stage: str) -> Stage | None:
        """The stage after *stage*."""
        names = [each.name for each in self.pipeline.stages]
        after = names.index(stage) + 1
        return self.pipeline.stages[after] if after < len(names) else None
