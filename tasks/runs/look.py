"""How a pipeline stands on its server: one look at what holds it up, its last runs, and what to type next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from gocd.client.asking import Server
from gocd.client.errors import Declined
from gocd.client.pipelines import Standing, past, standing
from gocd.client.runs import MANUAL, PipelineRun, StageRun, holder
from gocd.client.stages import past_of
from tasks.running.next_command import gocd_tasks
from tasks.runs.connect import asking
from tasks.runs.next_command import once_mended, rerun, watch
from tasks.runs.obstacles import locked, paused, verb
from tasks.runs.pages import page_of_pipeline, page_of_run
from tasks.runs.progress import Awaits, Progress, Runs, Stopped, progress

# Runs that are told of.
SHOWN = 5


@dataclass(frozen=True)
class Look:
    """What was seen of one pipeline.

    Args:
        standing: None if the one who asks may not see that.
        runs: The newest first.
        waits_for: The stage of the newest run that waits for a person.
    """

    server: Server
    pipeline: str
    standing: Standing | None
    runs: Sequence[PipelineRun]
    waits_for: StageRun | None

    @property
    def holder(self) -> PipelineRun | None:
        """The run that the pipeline is locked by."""
        return holder(self.runs) if self.standing and self.standing.locked else None

    @property
    def state(self) -> str:
        """What holds it up, in words."""
        if self.standing is None:
            return f"{self.pipeline}: whether it is paused or locked is not to be seen here"
        if self.standing.paused:
            return paused(self.pipeline, self.standing).replace(" ", ": ", 1)
        if self.standing.locked:
            return locked(self.pipeline, self.holder)[0].replace(" ", ": ", 1)
        can = "can be triggered" if self.standing.can_begin else "cannot be triggered just now"
        return f"{self.pipeline}: neither paused nor locked, {can}"

    @property
    def next(self) -> str:
        """What to do next, a sentence."""
        if self.standing and self.standing.paused:
            return f"Whoever paused it lets it go on: {page_of_pipeline(self.server, self.pipeline)}"
        if self.standing and self.standing.locked:
            return locked(self.pipeline, self.holder)[1]
        if not self.runs:
            return f"To begin the first run: {gocd_tasks('pipeline', 'trigger', self.pipeline, '--watch')}"
        newest = self.runs[0]
        return _next(newest, progress(newest), self.waits_for) or (
            f"To begin another run: {gocd_tasks('pipeline', 'trigger', self.pipeline, '--watch')}"
        )

    @property
    def lines(self) -> list[str]:
        told = [_run(run, self.waits_for if run is self.runs[0] else None) for run in self.runs[:SHOWN]]
        never = [] if told else [f"{self.pipeline}: has never run"]
        return [self.state, *told, *never, self.next]

    @property
    def fields(self) -> dict[str, Any]:
        """The same for a program."""
        stands = self.standing
        return {
            "name": self.pipeline,
            "page": page_of_pipeline(self.server, self.pipeline),
            "paused": stands.paused if stands else None,
            "paused_by": (stands.paused_by or None) if stands else None,
            "pause_cause": (stands.pause_cause or None) if stands else None,
            "locked": stands.locked if stands else None,
            "locked_by": self.holder.name if self.holder else None,
            "can_be_triggered": stands.can_begin if stands else None,
            "waits_for": self.waits_for.name if self.waits_for else None,
            "next": self.next,
            "runs": [_fields(self.server, run) for run in self.runs[:SHOWN]],
        }


def look_at(server: Server, pipeline: str) -> Look:
    """Look at *pipeline*: two questions, and a third where a stage of the newest run is still to begin.

    Raises:
        Refused: There is no such pipeline to be seen.
    """
    with asking(f"pipeline {pipeline}"):
        runs = past(server, pipeline).runs
        try:
            stands = standing(server, pipeline)
        except Declined as no:
            if no.status != 403:
                raise
            stands = None
        return Look(server, pipeline, stands, runs, _waits_for(server, runs[0]) if runs else None)


def _waits_for(server: Server, run: PipelineRun) -> StageRun | None:
    so_far = progress(run)
    if not isinstance(so_far, Awaits):
        return None
    approval = so_far.stage.approval
    if not approval:
        # Of one that has not begun it does not tell; nor does it of one that never ran, which may well be.
        before = past_of(server, run.pipeline, so_far.stage.name)
        approval = before[0].approval if before else MANUAL
    return so_far.stage if approval == MANUAL else None


def _next(run: PipelineRun, so_far: Progress, waits_for: StageRun | None) -> str:
    if isinstance(so_far, Runs):
        return watch(run)
    if isinstance(so_far, Stopped):
        return once_mended(run, so_far.stage)
    if isinstance(so_far, Awaits):
        return (
            f"To begin {waits_for.name}: {rerun(run, waits_for.name, '--watch')}" if waits_for else watch(run)
        )
    return ""


def _run(run: PipelineRun, waits_for: StageRun | None) -> str:
    label = f" (label {run.label})" if run.label not in ("", str(run.counter)) else ""
    stages = ", ".join(_stage(stage, waits=waits_for is stage) for stage in run.stages)
    return f"{run.name}{label}: {stages}; {run.cause or 'begun'}, {_time(run.scheduled)}"


def _stage(stage: StageRun, *, waits: bool) -> str:
    if waits:
        return f"{stage.name} waits for approval"
    again = f" (run {stage.counter})" if stage.begun and stage.counter > 1 else ""
    return f"{stage.name} {verb(stage)}{again}"


def _time(moment: float | None) -> str:
    return (
        f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
        if moment
        else "at no known time"
    )


def _fields(server: Server, run: PipelineRun) -> dict[str, Any]:
    return {
        "counter": run.counter,
        "label": run.label,
        "cause": run.cause,
        "by": run.approver,
        "scheduled": _time(run.scheduled) if run.scheduled else None,
        "page": page_of_run(server, run),
        "stages": [
            {
                "name": stage.name,
                "counter": stage.counter if stage.begun else None,
                "state": stage.words,
                "approved_by": stage.approved_by or None,
                "jobs": {job.name: job.words for job in stage.jobs},
            }
            for stage in run.stages
        ],
    }
