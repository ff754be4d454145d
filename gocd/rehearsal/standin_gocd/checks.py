"""What must hold before a server starts a pipeline or a stage, in GoCD's words."""

from __future__ import annotations

from gocd.rehearsal.standin_gocd.history import PipelineInstance, Result
from gocd.rehearsal.standin_gocd.refusal import Refusal
from gocd.rehearsal.standin_gocd.served import ServedPipeline


def check_trigger(served: ServedPipeline) -> None:
    """See that a person may start a run.

    Raises:
        Refusal: It may not be, for the first of GoCD's reasons.
    Source: GoCD's SchedulingCheckerService.manualTriggerCheckers
    """
    if served.queued and served.queued.cause.is_forced:
        raise Refusal(409, f"Failed to trigger pipeline: {served.name}", "Pipeline already triggered")
    check_start(served)


def can_trigger(served: ServedPipeline) -> bool:
    try:
        check_trigger(served)
    except Refusal:
        return False
    return True


def check_start(served: ServedPipeline) -> None:
    """See that a run may begin, whoever asked for it.

    Raises:
        Refusal: It may not.
    Source: GoCD's SchedulingCheckerService.canAutoTriggerConsumer
    """
    check_not_paused(served)
    check_stage_rests(served, served.first_stage.name)
    if served.locked_by:
        message = f"Pipeline {served.name} cannot be scheduled"
        held = f"Pipeline {served.name} is locked as another instance of this pipeline is running."
        raise Refusal(409, message, held)


def check_not_paused(served: ServedPipeline) -> None:
    if served.pause:
        raise Refusal(409, f"Failed to trigger pipeline [{served.name}]", f"Pipeline {served.name} is paused")


def check_stage_rests(served: ServedPipeline, stage: str) -> None:
    if served.is_stage_active(stage):
        under_way = f"Stage [{stage}] in pipeline [{served.name}] is still in progress"
        raise Refusal(409, f"Failed to trigger pipeline [{served.name}]", under_way)


def check_order(served: ServedPipeline, run: PipelineInstance, stage: str) -> None:
    """See that *stage* has its turn in *run*.

    Raises:
        Refusal: The stage before it has not run, or must have passed.
    Source: GoCD's SchedulingCheckerService.shouldAllowSchedulingStage and ScheduleService.lockAndRerunStage
    """
    names = [each.name for each in served.pipeline.stages]
    index = names.index(stage)
    if run.latest(stage) or index == 0:
        return
    before = run.latest(names[index - 1])
    if before is None:
        where = f"stage [{stage}] in pipeline [{served.name}]"
        raise Refusal(400, f"Can not run {where} because its previous stage has not been run.")
    if served.pipeline.stages[index].approval.allow_only_on_success and before.result is not Result.PASSED:
        how = f"the previous stage {before.name} has {before.result.value}!"
        raise Refusal(409, f"Cannot schedule {stage} as {how}")


def check_rerun(served: ServedPipeline, run: PipelineInstance, stage: str) -> None:
    """See that nothing is in the way of running *stage* of *run*.

    Raises:
        Refusal: Something is.
    Source: GoCD's SchedulingCheckerService.canRerunStage and ScheduleService.internalRerun
    """
    try:
        check_not_paused(served)
        if run.is_active:
            which = f"Pipeline[name='{served.name}', counter='{run.counter}', label='{run.label}']"
            raise Refusal(409, f"Failed to trigger pipeline [{served.name}]", f"{which} is still in progress")
        check_stage_rests(served, stage)
    except Refusal as refusal:
        raise Refusal(409, f"Cannot schedule: {refusal.reason}") from None


def can_run(served: ServedPipeline, run: PipelineInstance, stage: str) -> bool:
    """Whether GoCD offers to run *stage* of *run*.

    Source: GoCD's ScheduleService.canRun and SchedulingCheckerService.canScheduleStage
    """
    names = [each.name for each in served.pipeline.stages]
    index = names.index(stage)
    if index > 0 and run.latest(names[index - 1]) is None:
        return False
    try:
        check_rerun(served, run, stage)
        check_order(served, run, stage)
    except Refusal:
        return False
    return served.locked_by in (None, run)


def check_unlock(served: ServedPipeline) -> None:
    """See that the lock of *served* may be let go by hand.

    Raises:
        Refusal: It has none, nobody holds it, or its holder is under way.
    Source: GoCD's PipelineUnlockApiService.java
    """
    if not served.is_lockable:
        raise Refusal(409, f"No lock exists within the pipeline configuration for {served.name}")
    if served.locked_by is None:
        free = "no pipeline instance is currently in progress"
        raise Refusal(409, f"Lock exists within the pipeline configuration but {free}")
    if served.locked_by.is_active:
        under_way = "is currently running (one of the stages is in progress)"
        raise Refusal(409, f"Locked pipeline instance {under_way}")
