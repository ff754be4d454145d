"""Stages and jobs: run, run again, cancel, look.

Source: GoCD's StageOperationsControllerV2, StageInstanceControllerV3 and JobInstanceControllerV1
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gocd.numbers import whole
from gocd.rehearsal.standin_gocd.api.messages import Answer, Halt, Request, as_json, message
from gocd.rehearsal.standin_gocd.api.paging import page
from gocd.rehearsal.standin_gocd.api.routes import Route
from gocd.rehearsal.standin_gocd.api.security import Right, may_operate
from gocd.rehearsal.standin_gocd.api.shapes import job_shape, stage_in_history, stage_shape
from gocd.rehearsal.standin_gocd.history import PipelineInstance, Result, StageInstance
from gocd.rehearsal.standin_gocd.refusal import Refusal
from gocd.rehearsal.standin_gocd.server import Server

_RUN = "/api/stages/{pipeline}/{counter}/{stage}/{stage_counter}"


class Stages:
    def __init__(self, server: Server) -> None:
        self._server = server

    def routes(self) -> list[Route]:
        view, operate = Right.VIEW, Right.OPERATE
        job = "/api/jobs/{pipeline}/{counter}/{stage}/{stage_counter}/{job}"
        return [
            Route("POST", "/api/stages/{pipeline}/{counter}/{stage}/run", 2, operate, self._run),
            Route("POST", f"{_RUN}/run-failed-jobs", 3, operate, self._run_failed_jobs),
            Route("POST", f"{_RUN}/run-selected-jobs", 3, operate, self._run_selected_jobs),
            Route("POST", f"{_RUN}/cancel", 3, operate, self._cancel),
            Route("GET", "/api/stages/{pipeline}/{stage}/history", 3, view, self._history),
            Route("GET", _RUN, 3, view, self._instance),
            Route("GET", job, 1, view, self._job),
        ]

    def _run(self, request: Request, names: Mapping[str, str]) -> Answer:
        where = f"{names['pipeline']}/{names['counter']}/{names['stage']}"
        counter = self._counter(names, where)
        where = f"{names['pipeline']}/{counter}/{names['stage']}"
        self._check_right(request, names)
        try:
            self._server.run_stage(names["pipeline"], counter, names["stage"], request.user.name)
        except Refusal as refusal:
            if refusal.status != 500:
                raise
            failed = "could not be completed because of an unexpected failure. Cause: "
            text = f"Stage rerun request for stage [{where}] {failed}{refusal.text}"
            raise Halt(message(text, 500)) from None
        return message(f"Request to schedule stage {where} accepted", 202)

    def _run_failed_jobs(self, request: Request, names: Mapping[str, str]) -> Answer:
        run, stage = self._stage(names)
        failed = [job.running.name for job in stage.jobs if job.result in (Result.FAILED, Result.CANCELLED)]
        if not failed:
            raise Halt(message("There are no failed jobs in the stage that could be re-run", 400))
        return self._rerun(request, run, stage, failed)

    def _run_selected_jobs(self, request: Request, names: Mapping[str, str]) -> Answer:
        asked = request.json()
        if "jobs" not in asked:
            raise Halt(message("Could not read property 'jobs' in request body", 422))
        jobs = asked["jobs"]
        if not isinstance(jobs, list) or not all(isinstance(each, str) for each in jobs):
            text = f"Could not read property 'jobs' as a JsonArray containing string in `{asked}`"
            raise Halt(message(text, 422))
        run, stage = self._stage(names)
        if unknown := [name for name in jobs if stage.job(name) is None]:
            where = f"{run.pipeline.name}/{run.counter}/{stage.name}/{stage.counter}"
            listed = ", ".join(unknown)
            raise Halt(message(f"Job(s) [{listed}] does not exist in stage '{where}'.", 404))
        if not jobs:
            raise Halt(message("No job was selected to re-run.", 400))
        return self._rerun(request, run, stage, jobs)

    def _rerun(
        self, request: Request, run: PipelineInstance, stage: StageInstance, jobs: list[str]
    ) -> Answer:
        self._check_right(request, {"pipeline": run.pipeline.name, "stage": stage.name})
        try:
            self._server.rerun_jobs(run.pipeline.name, run.counter, stage, jobs, request.user.name)
        except Refusal as refusal:
            if refusal.status != 500:
                raise
            failed = "could not be completed because of unexpected failure. Cause: "
            text = f"Job rerun request for job(s) [{', '.join(jobs)}] {failed}{refusal.text}"
            raise Halt(message(text, 500)) from None
        where = (
            f"StageIdentifier[{run.pipeline.name}, {run.counter}, {run.label}, {stage.name}, {stage.counter}]"
        )
        return message(f"Request to rerun jobs for {where} accepted", 202)

    def _cancel(self, request: Request, names: Mapping[str, str]) -> Answer:
        run, stage = self._stage(names)
        if stage.is_active and not may_operate(request.user, stage.plan):
            raise Halt(message(f"Unauthorized to operate stage named {stage.name}", 403))
        if self._server.cancel_stage(run.pipeline.name, run.counter, stage, request.user.name):
            return message("Stage cancelled successfully.")
        return message("Stage is not active. Cancellation Ignored.")

    def _history(self, request: Request, names: Mapping[str, str]) -> Answer:
        served = self._server.served(names["pipeline"])
        runs = {
            stage: run
            for run in served.instances
            for stage in run.stages
            if stage.name.lower() == names["stage"].lower()
        }

        def shape(stage: StageInstance) -> dict[str, Any]:
            return stage_in_history(runs[stage], stage)

        return as_json(page(request, list(runs), "stages", shape))

    def _instance(self, request: Request, names: Mapping[str, str]) -> Answer:
        return as_json(stage_shape(*self._stage(names)))

    def _job(self, request: Request, names: Mapping[str, str]) -> Answer:
        counters = [(key, whole(names[key])) for key in ("counter", "stage_counter")]
        for key, counter in counters:
            if counter is None:
                name = key if key.startswith("stage") else "pipeline_counter"
                raise Halt(message(f"The params '{name}' must be a number greater than 0.", 400))
        served = self._server.served(names["pipeline"])
        run = served.instance(counters[0][1] or 0)
        stage = run and _nth(run, names["stage"], names["stage_counter"])
        job = stage and stage.job(names["job"])
        if not job:
            where = "/".join(names[key] for key in ("pipeline", "counter", "stage", "stage_counter", "job"))
            raise Halt(message(f"No job instance was found for '{where}'.", 404))
        return as_json(job_shape(job))

    def _check_right(self, request: Request, names: Mapping[str, str]) -> None:
        """Source: GoCD's ScheduleService.lockAndRerunStage."""
        try:
            stage = self._server.served(names["pipeline"]).stage_named(names["stage"])
        except Refusal:
            return
        if stage and not may_operate(request.user, stage):
            where = f"stage [{stage.name}] of pipeline [{names['pipeline']}]"
            raise Halt(message(f"User does not have operate permissions for {where}", 403))

    def _counter(self, names: Mapping[str, str], where: str) -> int:
        """Source: GoCD's PipelineService.resolvePipelineCounter."""
        if names["counter"].lower() == "latest":
            latest = self._server.served(names["pipeline"]).latest
            return latest.counter if latest else 0
        counter = whole(names["counter"])
        if counter is None:
            wrong = f"Received non-numeric pipeline counter '{names['counter']}'."
            raise Halt(message(f"Error while running [{where}]. {wrong}", 422))
        return counter

    def _stage(self, names: Mapping[str, str]) -> tuple[PipelineInstance, StageInstance]:
        """The run of a stage that *names* mean.

        Source: GoCD's StageService.findStageWithIdentifier
        """
        pipeline = names["pipeline"]
        counter = whole(names["counter"])
        if counter is None:
            raise Halt(as_json({"error": f'For input string: "{names["counter"]}"'}, 500))
        try:
            served = self._server.served(pipeline)
        except Refusal:
            raise Halt(message(f"Not Found {{ Pipeline '{pipeline}' not found }}", 404)) from None
        run = served.instance(counter)
        if run is None:
            text = f"Pipeline '{pipeline}' with counter '{counter}' not found"
            raise Halt(message(f"Not Found {{ {text} }}", 404))
        stage = _nth(run, names["stage"], names["stage_counter"])
        if stage is None:
            named = f"Stage '{names['stage']}' with counter '{names['stage_counter']}' not found."
            exists = "Please make sure specified stage or stage run with specified counter exists."
            raise Halt(message(f"Not Found {{ {named} {exists} }}", 404))
        return run, stage


def _nth(run: PipelineInstance, stage: str, counter: str) -> StageInstance | None:
    for each in run.stages:
        if each.name.lower() == stage.lower() and str(each.counter) == counter:
            return each
    return None
