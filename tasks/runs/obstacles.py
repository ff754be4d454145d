"""Why GoCD would not begin a run of a pipeline, or a stage of one, and what to do about it."""

from collections.abc import Sequence

from gocd.client.asking import Server
from gocd.client.pipelines import Standing
from gocd.client.runs import PipelineRun, StageRun, holder
from tasks.running.errors import Refused
from tasks.running.next_command import gocd_tasks
from tasks.runs.next_command import once_mended, rerun, watch
from tasks.runs.pages import page_of_pipeline


def refuse_if_held_up(server: Server, pipeline: str, standing: Standing, runs: Sequence[PipelineRun]) -> None:
    """Refuse where GoCD would not begin a run.

    Source: GoCD, SchedulingCheckerService.timerTriggerCheckers: paused, first stage active, locked.

    Raises:
        Refused: It would not.
    """
    refuse_if_paused(server, pipeline, standing)
    if standing.locked:
        raise Refused(*locked(pipeline, holder(runs)))
    for run in runs:
        if run.stages and run.stages[0].is_active:
            raise Refused(f"{run.name} is still in the first stage, {run.stages[0].name}", watch(run))


def refuse_if_paused(server: Server, pipeline: str, standing: Standing) -> None:
    if standing.paused:
        page = page_of_pipeline(server, pipeline)
        raise Refused(paused(pipeline, standing), f"Whoever paused it lets it go on: {page}")


def paused(pipeline: str, standing: Standing) -> str:
    by = f" by {standing.paused_by}" if standing.paused_by else ""
    return f"{pipeline} is paused{by}" + (f" ({standing.pause_cause})" if standing.pause_cause else "")


def locked(pipeline: str, run: PipelineRun | None) -> tuple[str, str]:
    """Return in words whose lock it is, and how to go on."""
    give_up = gocd_tasks("pipeline", "unlock", pipeline)
    if not run:
        return f"{pipeline} is locked by a run that cannot be seen here", f"To give it up: {give_up}"
    what = f"{pipeline} is locked by {run.name}"
    if run.active:
        return f"{what}, which runs {run.active.name}", watch(run)
    if stage := stopped_at(run):
        how = f"whose {stage.name} {verb(stage)}"
        go_on = once_mended(run, stage) if stage.begun else f"To go on: {rerun(run, stage.name)}"
        return f"{what}, {how}", f"{go_on}. To give that run up: {give_up}"
    return what, f"To give it up: {give_up}"


def stopped_at(run: PipelineRun) -> StageRun | None:
    """The first stage that did not pass, or has not begun."""
    return next((stage for stage in run.stages if not stage.passed), None)


def verb(stage: StageRun) -> str:
    """What a stage that nothing runs in did, as the end of a sentence."""
    if not stage.begun:
        return "has not begun"
    return {"failed": "failed", "cancelled": "was cancelled", "passed": "passed"}.get(
        stage.words, f"is {stage.words}"
    )
