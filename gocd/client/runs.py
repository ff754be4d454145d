"""A run of a pipeline as a GoCD server tells of it: its stages and their jobs.

Source: api.gocd.org, "Get pipeline instance"; in GoCD's own code PipelineInstanceModelRepresenter,
StageInstanceModelRepresenter and JobHistoryItemRepresenter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gocd.client.fields import counter, entries, fields, flag, moment, named, text

PASSED, FAILED, CANCELLED = "Passed", "Failed", "Cancelled"
SCHEDULED, COMPLETED, MANUAL = "Scheduled", "Completed", "manual"


@dataclass(frozen=True)
class JobRun:
    name: str
    state: str
    result: str
    scheduled: float | None = None

    @property
    def is_over(self) -> bool:
        return self.state == COMPLETED

    @property
    def failed(self) -> bool:
        return self.is_over and self.result in (FAILED, CANCELLED)

    @property
    def words(self) -> str:
        return (self.result if self.is_over else self.state).lower() or "unknown"


@dataclass(frozen=True)
class StageRun:
    """The latest run of a stage in a run of its pipeline, or its place there if it has not begun.

    Args:
        begun: Whether it has.
        approval: ``success`` or ``manual``; empty for one that has not begun, as GoCD does not tell then.
        may_run: Whether GoCD would let the one who asks start it.
    """

    name: str
    counter: int
    begun: bool
    result: str = ""
    approval: str = ""
    approved_by: str = ""
    may_run: bool = False
    jobs: tuple[JobRun, ...] = ()

    @property
    def by_somebody(self) -> bool:
        """Whether a person began it, and not GoCD by itself (BuildCause.APPROVER_AUTOMATICALLY_TRIGGERED)."""
        return self.approved_by not in ("", "changes")

    @property
    def is_over(self) -> bool:
        # GoCD writes a stage's result down once the last of its jobs has told of its own.
        ended = self.result in (PASSED, FAILED, CANCELLED)
        return self.begun and ended and bool(self.jobs) and all(job.is_over for job in self.jobs)

    @property
    def is_active(self) -> bool:
        return self.begun and not self.is_over

    @property
    def waits_for_agent(self) -> bool:
        """Whether no agent has any of its jobs that are not over."""
        return self.is_active and all(job.is_over or job.state == SCHEDULED for job in self.jobs)

    @property
    def passed(self) -> bool:
        return self.is_over and self.result == PASSED

    @property
    def since(self) -> float | None:
        """When the last of its jobs was scheduled; what was taken over from an earlier run keeps its time."""
        known = [job.scheduled for job in self.jobs if job.scheduled is not None]
        return max(known, default=None)

    @property
    def words(self) -> str:
        if not self.begun:
            return "not begun"
        if self.is_over:
            return self.result.lower()
        return "failing" if any(job.failed for job in self.jobs) else "running"


@dataclass(frozen=True)
class PipelineRun:
    pipeline: str
    counter: int
    label: str
    scheduled: float | None
    cause: str
    forced: bool
    approver: str
    stages: tuple[StageRun, ...]

    @property
    def name(self) -> str:
        return f"{self.pipeline}/{self.counter}"

    @property
    def active(self) -> StageRun | None:
        return next((stage for stage in self.stages if stage.is_active), None)

    @property
    def touched(self) -> float:
        """When the last of its jobs was scheduled."""
        return max((stage.since or 0.0 for stage in self.stages), default=0.0)

    def stage(self, name: str) -> StageRun | None:
        return next((each for each in self.stages if each.name.lower() == name.lower()), None)


def read_run(value: Any) -> PipelineRun:
    """Read one run.

    Raises:
        NotAsPromised: It is none.
    """
    run = fields(value, "a run")
    cause = fields(run.get("build_cause") or {}, "its cause")
    return PipelineRun(
        named(run),
        counter(run),
        text(run, "label"),
        moment(run, "scheduled_date"),
        text(cause, "trigger_message"),
        flag(cause, "trigger_forced"),
        text(cause, "approver"),
        tuple(read_stage(each) for each in entries(run, "stages")),
    )


def read_stage(stage: dict[str, Any]) -> StageRun:
    """Read a stage, of a run of a pipeline."""
    return StageRun(
        named(stage),
        counter(stage),
        flag(stage, "scheduled"),
        text(stage, "result"),
        text(stage, "approval_type"),
        text(stage, "approved_by"),
        flag(stage, "can_run"),
        read_jobs(stage),
    )


def read_jobs(stage: dict[str, Any]) -> tuple[JobRun, ...]:
    return tuple(
        JobRun(named(job), text(job, "state"), text(job, "result"), moment(job, "scheduled_date"))
        for job in entries(stage, "jobs")
    )


def holder(runs: Sequence[PipelineRun]) -> PipelineRun | None:
    """The run that a lock of the pipeline is of: none but it can have begun anything since it was taken.

    Source: GoCD, PipelineLockService; no part of its API names the run.
    """
    begun = [run for run in runs if run.touched]
    return max(begun, key=lambda run: run.touched, default=None)
