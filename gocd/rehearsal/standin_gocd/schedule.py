"""How one run leads to the next thing: stages after stages, jobs to agents, pipelines behind pipelines.

Source: GoCD's ScheduleService.java and BuildCauseProducerService.java
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from gocd.errors import GoCDError
from gocd.pipeline import Stage
from gocd.rehearsal.standin_gocd.agents import Agents, Workplace
from gocd.rehearsal.standin_gocd.assignment import Assignment, Hooks
from gocd.rehearsal.standin_gocd.checks import check_start
from gocd.rehearsal.standin_gocd.history import Cause, JobInstance, PipelineInstance, Result, StageInstance
from gocd.rehearsal.standin_gocd.inactivity import Inactivity
from gocd.rehearsal.standin_gocd.materials import Upstream, locator
from gocd.rehearsal.standin_gocd.planning import Planning
from gocd.rehearsal.standin_gocd.refusal import Refusal
from gocd.rehearsal.standin_gocd.runs import JobRun, Status
from gocd.rehearsal.standin_gocd.served import ServedPipeline, Trigger
from gocd.rehearsal.standin_gocd.work import Work

# Who approves what GoCD starts by itself.
# Source: GoCD's GoConstants.java
BY_ITSELF = "changes"


class Schedule:
    """Moves the runs of *pipelines* on; whoever calls it holds *changed*."""

    def __init__(
        self,
        pipelines: Mapping[str, ServedPipeline],
        changed: threading.Condition,
        agents: Agents,
        planning: Planning,
        work: Work,
        inactivity: Inactivity,
        hooks: Hooks,
        delay: float,
        url: Callable[[], str],
    ) -> None:
        self._pipelines = pipelines
        self._changed = changed
        self._agents = agents
        self._planning = planning
        self._work = work
        self._inactivity = inactivity
        self._hooks = hooks
        self._delay = delay
        self._url = url
        self._told: set[JobInstance] = set()

    def look(self) -> None:
        """Start what is due, and cancel what has been silent for too long; to be called again and again."""
        for served in self._pipelines.values():
            if served.queued and served.queued.at <= time.monotonic():
                self._start(served, served.queued)
        running = [each.job for each in self._agents.workplaces if each.job]
        for job, words in self._inactivity.hung(running, self._agents.waiting):
            self.cancel(job)
            self._work.say(job, words)
            self._hooks.line(job.running, words)
            self._over(job)
        self.assign()

    def _start(self, served: ServedPipeline, trigger: Trigger) -> None:
        """Begin the run that was asked for; as long as it may not begin, it stays asked for."""
        try:
            check_start(served)
        except Refusal:
            return
        served.queued, served.problem = None, ""
        try:
            run = self._planning.pipeline(served, trigger, self._work.upstream_of(served.pipeline))
            stage = self._planning.stage(run, served.first_stage, trigger.cause.approver)
        except GoCDError as error:
            served.problem = str(error)
            return
        served.instances.append(run)
        self.begin(served, run, stage)

    def begin(self, served: ServedPipeline, run: PipelineInstance, stage: StageInstance) -> StageInstance:
        served.lock(run)
        run.stages.append(stage)
        self._agents.waiting += [job for job in stage.jobs if not job.is_over]
        self.assign()
        return stage

    def assign(self) -> None:
        self._agents.assign(self._assignment, self._ended)
        for job in self._agents.waiting:
            if job not in self._told:
                self._told.add(job)
                self._hooks.waits(job.running, self._agents.why(job))
        self._changed.notify_all()

    def _assignment(self, job: JobInstance, workplace: Workplace) -> Assignment:
        served = self._pipelines[job.running.pipeline.lower()]
        run = served.instance(job.running.counter)
        assert run is not None
        return self._work.assignment(run, job, workplace, self._url())

    def _ended(self, workplace: Workplace, run: JobRun) -> None:
        with self._changed:
            job = workplace.job
            assert job is not None
            job.runs.append(run)
            is_lost = run.status is Status.LOST
            self._agents.release(workplace, is_lost=is_lost)
            if is_lost and not job.is_over:
                job.reschedule()
                self._agents.waiting.append(job)
            elif not job.is_over:
                job.end(run.status)
                self._over(job)
            self.assign()

    def cancel(self, job: JobInstance) -> None:
        job.cancel()
        if job in self._agents.waiting:
            self._agents.waiting.remove(job)
        self._agents.cancel(job)

    def _over(self, job: JobInstance) -> None:
        served = self._pipelines[job.running.pipeline.lower()]
        run = served.instance(job.running.counter)
        assert run is not None
        stage = next(each for each in run.stages if job in each.jobs)
        self.follow(served, run, stage)
        self._changed.notify_all()

    def follow(self, served: ServedPipeline, run: PipelineInstance, stage: StageInstance) -> None:
        """Go on after *stage*, if it is over.

        Source: GoCD's ScheduleService.automaticallyTriggerRelevantStagesFollowingCompletionOf
        """
        if stage.is_active:
            return
        served.unlock_after(run, stage)
        if not served.pause:
            if newer := served.newer_run_waiting_for(run, stage):
                self._go_on(served, newer, stage.plan)
            following = run.following(stage.name)
            if stage.result is Result.PASSED and following:
                self._go_on(served, run, following)
        if stage.result is Result.PASSED:
            self._trigger_downstream(run, stage)

    def _go_on(self, served: ServedPipeline, run: PipelineInstance, stage: Stage) -> None:
        if stage.approval.manual or served.is_stage_active(stage.name):
            return
        try:
            self.begin(served, run, self._planning.stage(run, stage, BY_ITSELF))
        except Refusal:
            return

    def _trigger_downstream(self, run: PipelineInstance, stage: StageInstance) -> None:
        """Have the pipelines run that are started by this *stage*.

        Source: GoCD's BuildCauseProducerService.java and ManualPipelineChecker.java
        """
        for served in self._pipelines.values():
            if served.first_stage.approval.manual or (served.queued and served.queued.cause.is_forced):
                continue
            for material in served.pipeline.materials:
                means = (material.pipeline.lower(), material.stage.lower())
                if means == (run.pipeline.name.lower(), stage.name.lower()):
                    revision = locator(
                        material, Upstream(run.label, run.counter, stage_counter=stage.counter)
                    )
                    cause = Cause(BY_ITSELF, f"triggered by {revision}", is_forced=False)
                    served.queued = Trigger(cause, time.monotonic() + self._delay)
