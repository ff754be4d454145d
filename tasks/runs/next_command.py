"""The commands to go on with, as sentences."""

from gocd.client.runs import CANCELLED, PipelineRun, StageRun
from tasks.running.next_command import gocd_tasks


def watch(run: PipelineRun) -> str:
    return f"Watch it: {gocd_tasks('pipeline', 'watch', run.name)}"


def rerun(run: PipelineRun, stage: str, *more: str) -> str:
    return gocd_tasks("pipeline", "rerun-stage", f"{run.name}/{stage}", *more)


def once_mended(run: PipelineRun, stage: StageRun) -> str:
    """How to go on after a stage that failed: with those of its jobs that did, where others passed."""
    some = any(job.failed for job in stage.jobs) and not all(job.failed for job in stage.jobs)
    when = "To run it again" if stage.result == CANCELLED else "Once it is mended"
    return f"{when}: {rerun(run, stage.name, *(['--failed-jobs'] if some else []))}"


def look(pipeline: str) -> str:
    return f"See: {gocd_tasks('pipeline', 'status', pipeline)}"
