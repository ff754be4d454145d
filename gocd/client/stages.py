"""The stages of a GoCD server: what each run of one did, and one run again.

Source of each path, version and status: api.gocd.org, and in GoCD's own code StageOperationsControllerV2 and
StageInstanceControllerV3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gocd.client.asking import Server
from gocd.client.fields import counter, entries, fields, text
from gocd.client.runs import JobRun, read_jobs

# The most that GoCD tells of at once (ApiController.getPageSize).
PAGE = 100


@dataclass(frozen=True)
class PastStage:
    """A run of a stage, in the run of its pipeline with this counter."""

    pipeline_counter: int
    approval: str


def jobs_of(
    server: Server, pipeline: str, pipeline_counter: int, stage: str, stage_counter: int
) -> tuple[JobRun, ...]:
    """Return every job of that run of the stage, those too that were taken over from the run before."""
    said = server.get("stages", pipeline, pipeline_counter, stage, stage_counter, version=3)
    return read_jobs(fields(said.value, "the stage"))


def cancelled_by(server: Server, pipeline: str, pipeline_counter: int, stage: str, stage_counter: int) -> str:
    """Return who cancelled that run of the stage; empty if nobody did."""
    said = server.get("stages", pipeline, pipeline_counter, stage, stage_counter, version=3)
    return text(fields(said.value, "the stage"), "cancelled_by")


def past_of(server: Server, pipeline: str, stage: str) -> list[PastStage]:
    """Return the newest runs of a stage, in whatever run of its pipeline, the newest first."""
    said = server.get("stages", pipeline, stage, "history", version=3, page_size=PAGE)
    return [
        PastStage(counter(each, "pipeline_counter"), text(each, "approval_type"))
        for each in entries(said.value, "stages")
    ]


def run_whole(server: Server, pipeline: str, pipeline_counter: int, stage: str) -> None:
    """Have a stage run, for the first time or again."""
    server.order("stages", pipeline, pipeline_counter, stage, "run", version=2)


def run_failed_jobs(
    server: Server, pipeline: str, pipeline_counter: int, stage: str, stage_counter: int
) -> None:
    server.order("stages", pipeline, pipeline_counter, stage, stage_counter, "run-failed-jobs", version=3)


def run_jobs(
    server: Server,
    pipeline: str,
    pipeline_counter: int,
    stage: str,
    stage_counter: int,
    jobs: Sequence[str],
) -> None:
    server.order(
        "stages",
        pipeline,
        pipeline_counter,
        stage,
        stage_counter,
        "run-selected-jobs",
        version=3,
        body={"jobs": list(jobs)},
    )
