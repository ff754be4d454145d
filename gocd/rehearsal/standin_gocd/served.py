"""A pipeline as a server keeps it: all its runs, its lock, its pause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gocd.pipeline import Pipeline, Stage
from gocd.rehearsal.standin_gocd.history import Cause, PipelineInstance, Result, StageInstance
from gocd.rehearsal.standin_gocd.refusal import Refusal


@dataclass(frozen=True)
class Trigger:
    """Somebody's wish that a pipeline runs, before it does."""

    cause: Cause
    at: float
    """Seconds on the monotonic clock at which it is looked at."""
    variables: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)
    """By the name of the material, where an earlier one is wanted."""


@dataclass(frozen=True)
class Pause:
    by: str
    cause: str


@dataclass(eq=False)
class ServedPipeline:
    pipeline: Pipeline
    instances: list[PipelineInstance] = field(default_factory=list)
    locked_by: PipelineInstance | None = None
    pause: Pause | None = None
    queued: Trigger | None = None
    """Accepted, and not yet a run."""
    problem: str = ""
    """Why the last trigger came to no run, which GoCD tells nobody but its own pages."""

    @property
    def name(self) -> str:
        return self.pipeline.name

    @property
    def first_stage(self) -> Stage:
        return self.pipeline.stages[0]

    @property
    def is_lockable(self) -> bool:
        return self.pipeline.lock_behavior != "none"

    @property
    def latest(self) -> PipelineInstance | None:
        return self.instances[-1] if self.instances else None

    def instance(self, counter: int) -> PipelineInstance | None:
        return next((run for run in self.instances if run.counter == counter), None)

    def stage_named(self, name: str) -> Stage | None:
        return next((stage for stage in self.pipeline.stages if stage.name.lower() == name.lower()), None)

    def is_stage_active(self, name: str) -> bool:
        """Whether that stage of any run is under way."""
        return any(
            stage.is_active
            for run in self.instances
            for stage in run.stages
            if stage.name.lower() == name.lower()
        )

    def lock(self, run: PipelineInstance) -> None:
        """Take the lock for *run*, if there is one.

        Raises:
            Refusal: Another run has it.
        Source: GoCD's PipelineStateDao.lockPipeline
        """
        if not self.is_lockable:
            return
        if self.locked_by not in (None, run):
            assert self.locked_by is not None
            counter = self.locked_by.counter
            raise Refusal(500, f"Pipeline '{self.name}' is already locked (counter = {counter})")
        self.locked_by = run

    def unlock_after(self, run: PipelineInstance, stage: StageInstance) -> None:
        """Let go of the lock where a run may end.

        Source: GoCD's ScheduleService.unlockIfNecessary
        """
        following = run.following(stage.name)
        is_stopped = stage.result is not Result.PASSED or (
            following is not None and following.approval.manual
        )
        lets_go = self.pipeline.lock_behavior == "unlockWhenFinished" and is_stopped
        if following is None or lets_go:
            self.locked_by = None

    def newer_run_waiting_for(self, run: PipelineInstance, stage: StageInstance) -> PipelineInstance | None:
        """A run that came past *run* and found *stage* under way there.

        Source: GoCD's ScheduleService.triggerCurrentStageInNewerPipeline
        """
        names = [each.name for each in self.pipeline.stages]
        index = names.index(stage.name)
        if index == 0 or stage.plan.approval.manual:
            return None
        for newer in reversed(self.instances):
            before = newer.latest(names[index - 1])
            if before and before.result is Result.PASSED:
                is_waiting = newer.counter > run.counter and newer.latest(stage.name) is None
                return newer if is_waiting else None
        return None
