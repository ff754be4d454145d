"""How far a run has come: what runs, what it waits for, or how it ended."""

from dataclasses import dataclass

from gocd.client.runs import PipelineRun, StageRun


@dataclass(frozen=True)
class Runs:
    """A stage is under way."""

    stage: StageRun


@dataclass(frozen=True)
class Awaits:
    """Nothing runs, and this stage is the next.

    Args:
        again: It ran before, and one before it has run again since: GoCD has it follow by itself, unless it
            is a manual one (ScheduleService.triggerNextStageInPipeline).
    """

    stage: StageRun
    again: bool = False


@dataclass(frozen=True)
class Stopped:
    """This stage did not pass, and GoCD begins nothing after it."""

    stage: StageRun


@dataclass(frozen=True)
class Passed:
    """Every stage has passed."""


Progress = Runs | Awaits | Stopped | Passed


def progress(run: PipelineRun) -> Progress:
    """Return how far *run* has come."""
    if run.active:
        return Runs(run.active)
    before: StageRun | None = None
    for stage in run.stages:
        if not stage.begun:
            return Awaits(stage)
        if before and before.since and stage.since and stage.since < before.since:
            return Awaits(stage, again=True)
        if not stage.passed:
            return Stopped(stage)
        before = stage
    return Passed()
