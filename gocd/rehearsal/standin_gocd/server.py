"""A stand-in GoCD server: runs pipelines stage by stage, each job on a stand-in agent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gocd.errors import GoCDError
from gocd.pipeline import Pipeline, Stage
from gocd.rehearsal.standin_gocd.agents import Agents, Resources
from gocd.rehearsal.standin_gocd.assignment import Hooks
from gocd.rehearsal.standin_gocd.checks import (
    check_order,
    check_rerun,
    check_trigger,
    check_unlock,
)
from gocd.rehearsal.standin_gocd.history import (
    Cause,
    JobInstance,
    PipelineInstance,
    StageInstance,
)
from gocd.rehearsal.standin_gocd.inactivity import Inactivity
from gocd.rehearsal.standin_gocd.materials import Upstream
from gocd.rehearsal.standin_gocd.planning import Planning
from gocd.rehearsal.standin_gocd.refusal import Refusal, not_found
from gocd.rehearsal.standin_gocd.schedule import Schedule
from gocd.rehearsal.standin_gocd.served import Pause, ServedPipeline, Trigger
from gocd.rehearsal.standin_gocd.variables import SERVER_URL, declared
from gocd.rehearsal.standin_gocd.work import Work


class Server:
    """Keeps agents and artifacts below its folder, as ``agents/N`` and ``artifacts/P/C/S/SC/J``.

    Materials under version control have not changed since it started: no pipeline begins by itself but behind
    another one. Every method may be called from any thread.

    Source: GoCD's ScheduleService.java
    """

    def __init__(
        self,
        pipelines: Iterable[Pipeline],
        folder: Path,
        *,
        environ: Mapping[str, str],
        fleet: Sequence[Resources] | None = None,
        checkout: Path | None = None,
        upstream: Mapping[str, Upstream] | None = None,
        secrets: Mapping[str, str] | None = None,
        delay: float = 0.0,
        minute: float = 60.0,
        hooks: Hooks | None = None,
        speed: float = 1.0,
    ) -> None:
        """Make ready to run *pipelines* in *folder*, which should be new.

        Args:
            environ: The agents' own environment.
            fleet: The resources of each agent there is; None for as many agents as there are jobs at a time.
            checkout: The repository that materials are copies of.
            upstream: By pipeline, the run of it that dependency materials mean, of those that are not here.
            secrets: Values of the secure variables, which only a real server could decrypt.
            delay: Seconds between a trigger and the run that comes of it.
            minute: Seconds in a minute of a job's timeout.
            hooks: Who is told what happens.
            speed: Divides the seconds for which GoCD itself waits.

        Raises:
            GoCDError: A secret or upstream run is missing, or the stages are elsewhere.
        """
        self.folder = folder
        self.url = SERVER_URL
        """Where it can be asked, which its jobs are told."""
        hooks = hooks or Hooks()
        self.pipelines = {each.name.lower(): ServedPipeline(each) for each in pipelines}
        self.known_upstream = upstream or {}
        self._delay = delay
        # Agents take it from threads of their own, a signal handler never.
        self.changed = threading.Condition(threading.RLock())
        inactivity = Inactivity(minute)
        heard = inactivity.hooks(hooks)
        self.agents = Agents(folder / "agents", environ, heard, fleet)
        self._planning = Planning(self.agents, secrets or {})
        self._work = Work(self.pipelines, folder, checkout, upstream or {}, speed, self.changed)
        self._schedule = Schedule(
            self.pipelines,
            self.changed,
            self.agents,
            self._planning,
            self._work,
            inactivity,
            hooks,
            delay,
            lambda: self.url,
        )
        for served in self.pipelines.values():
            self._check(served.pipeline)

    def served(self, name: str) -> ServedPipeline:
        """The pipeline of that *name*, of which GoCD does not mind the case.

        Raises:
            Refusal: There is none.
        """
        try:
            return self.pipelines[name.lower()]
        except KeyError:
            raise not_found("Pipeline", name) from None

    def artifacts(self, job: JobInstance) -> Path:
        """Where the files that *job* published are, and its console."""
        return self._work.artifacts(job)

    def trigger(
        self,
        pipeline: str,
        user: str,
        variables: Mapping[str, str] | None = None,
        revisions: Mapping[str, str] | None = None,
    ) -> None:
        """Have *pipeline* run soon, for *user*; which run that will be is not known yet.

        Args:
            variables: In place of those that the pipeline declares.
            revisions: By material, where another than the newest is wanted.

        Raises:
            Refusal: It may not run, or nobody declared a variable.
        Source: GoCD's PipelineTriggerService.java and BuildCauseProducerService.java
        """
        with self.changed:
            served = self.served(pipeline)
            for name in variables or {}:
                if name not in declared(served.pipeline):
                    unknown = f"Variable '{name}' has not been configured for pipeline '{served.name}'"
                    raise Refusal(422, "Request to schedule pipeline rejected", unknown)
            check_trigger(served)
            cause = Cause(user, f"Forced by {user}")
            due = time.monotonic() + self._delay
            served.queued = Trigger(cause, due, variables or {}, revisions or {})

    def pause(self, pipeline: str, user: str, cause: str = "") -> None:
        """Have no stage of *pipeline* begin by itself or by hand.

        Source: GoCD's PipelinePauseService.java
        """
        with self.changed:
            served = self.served(pipeline)
            if served.pause:
                state = f"Pipeline '{served.name}' is already paused."
                raise Refusal(409, f"Failed to pause pipeline '{served.name}'. {state}")
            served.pause = Pause(user, cause[:255])

    def unpause(self, pipeline: str) -> None:
        with self.changed:
            served = self.served(pipeline)
            if not served.pause:
                state = f"Pipeline '{served.name}' is already unpaused."
                raise Refusal(409, f"Failed to unpause pipeline '{served.name}'. {state}")
            served.pause = None

    def unlock(self, pipeline: str) -> None:
        """Let go of the lock of *pipeline*, which a run that did not end has left behind."""
        with self.changed:
            served = self.served(pipeline)
            check_unlock(served)
            served.locked_by = None

    def run_stage(self, pipeline: str, counter: int, stage: str, user: str) -> StageInstance:
        """Run a stage of a run that there is: the first time, or again; the stages after it follow as ever.

        Raises:
            Refusal: It may not run.
        Source: GoCD's ScheduleService.lockAndRerunStage
        """
        with self.changed:
            served, run, plan = self._place(pipeline, counter, stage)
            check_order(served, run, plan.name)
            check_rerun(served, run, plan.name)
            return self._schedule.begin(served, run, self._planning.stage(run, plan, user))

    def rerun_jobs(
        self, pipeline: str, counter: int, stage: StageInstance, jobs: Sequence[str], user: str
    ) -> StageInstance:
        """Run *jobs* of *stage* again; the others count in the new run of the stage as they are.

        Raises:
            Refusal: They may not run.
        Source: GoCD's ScheduleService.rerunJobs
        """
        with self.changed:
            served, run, plan = self._place(pipeline, counter, stage.name)
            check_order(served, run, plan.name)
            check_rerun(served, run, plan.name)
            return self._schedule.begin(served, run, self._planning.rerun(run, stage, jobs, user))

    def cancel_stage(self, pipeline: str, counter: int, stage: StageInstance, user: str) -> bool:
        """Cancel all of *stage* that is not over, and say whether there was anything to cancel.

        On the server it is over at once; its agents stop what they do, and clean up behind it.
        Source: GoCD's ScheduleService.cancelAndTriggerRelevantStages
        """
        with self.changed:
            if not stage.is_active:
                return False
            stage.cancelled_by = user
            for job in stage.jobs:
                self._schedule.cancel(job)
            served, run, _ = self._place(pipeline, counter, stage.name)
            self._schedule.follow(served, run, stage)
            self._schedule.assign()
            return True

    def look(self) -> None:
        """Start what is due, and cancel what has been silent for too long; to be called again and again."""
        with self.changed:
            self._schedule.look()

    def close(self) -> None:
        """Cancel whatever runs or waits, and return when all agents are idle."""
        with self.changed:
            for served in self.pipelines.values():
                served.queued = None
                served.pause = Pause("", "the server stops")
                for run in served.instances:
                    for stage in run.stages:
                        self.cancel_stage(served.name, run.counter, stage, "")
        self.agents.join()

    def _check(self, pipeline: Pipeline) -> None:
        if not pipeline.stages:
            text = f"pipeline '{pipeline.name}' gets its stages from template '{pipeline.template}'"
            raise GoCDError(f"{text} of a server; there is nothing to rehearse")
        self._planning.check(pipeline)
        for material in pipeline.materials:
            known = material.pipeline in self.known_upstream or material.pipeline.lower() in self.pipelines
            if material.kind == "dependency" and not known:
                text = f"pipeline '{pipeline.name}' is started by '{material.pipeline}'"
                raise GoCDError(f"{text}: say which label of it to rehearse with")

    def _place(
        self, pipeline: str, counter: int, stage: str
    ) -> tuple[ServedPipeline, PipelineInstance, Stage]:
        served = self.served(pipeline)
        run = served.instance(counter)
        if run is None:
            raise Refusal(500, f"Pipeline instance [{pipeline}/{counter}] not found")
        plan = served.stage_named(stage)
        if plan is None:
            raise Refusal(500, f"Stage '{stage}' not found in pipeline '{pipeline}'")
        return served, run, plan
