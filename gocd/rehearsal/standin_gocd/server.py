"""A stand-in GoCD server: runs one pipeline, stage by stage, on as many stand-in agents as its jobs need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from gocd.errors import GoCDError
from gocd.pipeline import Fetch, Job, Pipeline, Stage
from gocd.rehearsal.standin_gocd.agents import Agents
from gocd.rehearsal.standin_gocd.assignment import Assignment, Hooks, instances
from gocd.rehearsal.standin_gocd.materials import Upstream, label, material_variables, revisions
from gocd.rehearsal.standin_gocd.runs import PipelineRun, StageRun, Status, stage_status
from gocd.rehearsal.standin_gocd.variables import Values, job_variables
from gocd.running_job import RunningJob


class Server:
    """Keeps agents and artifacts below its folder, as ``agents/N`` and ``artifacts/P/C/S/SC/J``.

    Source: GoCD's ScheduleService.java
    """

    def __init__(
        self,
        pipeline: Pipeline,
        folder: Path,
        *,
        environ: Mapping[str, str],
        checkout: Path | None = None,
        upstream: Mapping[str, Upstream] | None = None,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        trigger_user: str = "rehearsal",
        hooks: Hooks | None = None,
        speed: float = 1.0,
    ) -> None:
        """Make ready to run *pipeline* in *folder*, which should be new.

        Args:
            environ: The agents' own environment.
            checkout: The repository that materials are copies of.
            upstream: By pipeline, the run of it that dependency materials mean.
            secrets: Values of the secure variables, which only a real server could decrypt.
            variables: Values given at the trigger, for variables the pipeline declares.
            trigger_user: Shown to tasks as ``GO_TRIGGER_USER``.
            hooks: Who is told what happens.
            speed: Divides the seconds for which GoCD itself waits.

        Raises:
            GoCDError: A secret or upstream run is missing, a variable unknown, or the stages are elsewhere.
        """
        if not pipeline.stages:
            text = f"pipeline '{pipeline.name}' gets its stages from template '{pipeline.template}'"
            raise GoCDError(f"{text} of a server; there is nothing to rehearse")
        self._pipeline = pipeline
        self._folder = folder
        self._checkout = checkout
        self._upstream = upstream or {}
        self._values = Values(secrets or {}, variables or {})
        self._values.check(pipeline)
        self._revisions = revisions(pipeline, self._upstream)
        self._trigger_user = trigger_user
        self._hooks = hooks or Hooks()
        self._speed = speed
        self._counter = 0
        self._stages: list[StageRun] = []
        self._agents = Agents(folder / "agents", environ, self._hooks)

    def run(self, approve: Collection[str] = ()) -> PipelineRun:
        """Start a new instance and run its stages as far as they pass and are approved.

        The first stage runs even when it is manual: starting the pipeline is what approves it.

        Args:
            approve: Manual stages that may run.

        Raises:
            GoCDError: There is no such stage.
        """
        self._check(approve)
        self._counter += 1
        self._stages = []
        return self._run_from(0, approve)

    def run_stage(self, name: str, approve: Collection[str] = ()) -> PipelineRun:
        """Run one stage of the present instance again, or approve it, and then go on after it as GoCD does.

        Raises:
            GoCDError: There is no such stage, the one before it has not run, or it must have passed.
        """
        self._check([name, *approve])
        index = [stage.name for stage in self._pipeline.stages].index(name)
        stage = self._pipeline.stages[index]
        if self._counter == 0:
            raise GoCDError(f"stage '{name}' cannot run: pipeline '{self._pipeline.name}' has not run yet")
        if index > 0:
            before = self._pipeline.stages[index - 1].name
            last = self._last_run(before)
            if last is None:
                raise GoCDError(f"stage '{name}' cannot run: stage '{before}' has not run yet")
            if stage.approval.allow_only_on_success and last.status is not Status.PASSED:
                raise GoCDError(f"stage '{name}' cannot run: stage '{before}' {last.status.value}")
        return self._run_from(index, {*approve, name})

    def cancel(self) -> None:
        """Cancel every running job and start no further stage; safe in a signal handler."""
        self._agents.cancel()

    @property
    def label(self) -> str:
        plain = {**self._pipeline.variables.plain, **self._values.overrides}
        plain = {name: value for name, value in plain.items() if name not in self._pipeline.variables.secure}
        return label(self._pipeline, self._counter, self._revisions, plain)

    def _check(self, stages: Collection[str]) -> None:
        known = [stage.name for stage in self._pipeline.stages]
        for name in stages:
            if name not in known:
                text = f"pipeline '{self._pipeline.name}' has no stage '{name}'"
                raise GoCDError(f"{text}; its stages are {', '.join(known)}")

    def _last_run(self, stage: str) -> StageRun | None:
        return next((run for run in reversed(self._stages) if run.name == stage), None)

    def _run_from(self, first: int, approve: Collection[str]) -> PipelineRun:
        for index, stage in enumerate(self._pipeline.stages[first:], first):
            if index > 0 and stage.approval.manual and stage.name not in approve:
                return self._report(Status.WAITING, index)
            status = self._run_stage(stage).status
            if self._agents.is_cancelled:
                status = Status.CANCELLED
            if status is not Status.PASSED:
                return self._report(status, index + 1)
        return self._report(Status.PASSED, len(self._pipeline.stages))

    def _report(self, status: Status, following: int) -> PipelineRun:
        self._agents.is_cancelled = False
        is_over = following == len(self._pipeline.stages)
        lock = self._pipeline.lock_behavior
        return PipelineRun(
            pipeline=self._pipeline.name,
            counter=self._counter,
            label=self.label,
            status=status,
            stages=tuple(self._stages),
            waiting_for=self._pipeline.stages[following].name if status is Status.WAITING else "",
            # unlockWhenFinished lets go wherever a run can stop: at a failure and before a manual stage.
            is_locked=lock == "lockOnFailure" and not is_over,
        )

    def _run_stage(self, stage: Stage) -> StageRun:
        last = self._last_run(stage.name)
        counter = last.counter + 1 if last else 1
        assignments = [
            self._assignment(stage, counter, job, name, instance)
            for job in stage.jobs
            for name, instance in instances(job)
        ]
        with ThreadPoolExecutor(len(assignments)) as threads:
            futures = [threads.submit(self._agents.run, assignment) for assignment in assignments]
            # A signal may arrive in any thread, but is handled in the main one, and only when that wakes up.
            while wait(futures, timeout=0.1).not_done:
                continue
        jobs = [run for future in futures for run in future.result()]
        run = StageRun(stage.name, counter, stage_status(jobs), tuple(jobs))
        self._stages.append(run)
        return run

    def _assignment(
        self, stage: Stage, counter: int, job: Job, name: str, instance: tuple[int, int] | None
    ) -> Assignment:
        pipeline = self._pipeline
        running = RunningJob(
            pipeline.name, self._counter, self.label, stage.name, counter, name, self._trigger_user
        )
        materials = material_variables(pipeline, self._revisions, self._upstream, str(self._checkout or ""))
        return Assignment(
            running=running,
            stage=stage,
            plan=job,
            materials=pipeline.materials,
            variables=job_variables(pipeline, stage, job, running, materials, self._values, instance),
            artifacts=self._folder / "artifacts" / running.locator,
            published=self._published,
            checkout=self._checkout,
            leave_out=self._folder,
            speed=self._speed,
        )

    def _published(self, fetch: Fetch) -> Path:
        """Where the job that *fetch* names has published, in this instance or upstream."""
        if fetch.pipeline in ("", self._pipeline.name):
            last = self._last_run(fetch.stage)
            if last is None:
                raise GoCDError(f"stage '{fetch.stage}' has not run yet")
            instance = self._folder / "artifacts" / self._pipeline.name / str(self._counter)
            return instance / fetch.stage / str(last.counter) / fetch.job
        run = self._upstream.get(fetch.upstream)
        if run is None or run.artifacts is None:
            raise GoCDError(f"nothing that pipeline '{fetch.upstream}' published is at hand")
        return run.artifacts / fetch.stage / fetch.job
