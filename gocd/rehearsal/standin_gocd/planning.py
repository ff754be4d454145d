"""Runs of pipelines, stages and jobs, made from what their files say.

Source: GoCD's InstanceFactory.java
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from gocd.pipeline import Job, Pipeline, Stage
from gocd.rehearsal.standin_gocd.agents import Agents
from gocd.rehearsal.standin_gocd.history import JobInstance, PipelineInstance, StageInstance
from gocd.rehearsal.standin_gocd.materials import Upstream, label, revisions
from gocd.rehearsal.standin_gocd.refusal import Refusal
from gocd.rehearsal.standin_gocd.served import ServedPipeline, Trigger
from gocd.rehearsal.standin_gocd.variables import Values
from gocd.running_job import RunningJob


class Planning:
    """Makes runs, numbered as they come."""

    def __init__(self, agents: Agents, secrets: Mapping[str, str]) -> None:
        self._agents = agents
        self._secrets = secrets
        self._ids = count(1)

    def check(self, pipeline: Pipeline) -> None:
        """Raise GoCDError for a secret that is missing."""
        Values(self._secrets, {}).check(pipeline)

    def pipeline(
        self, served: ServedPipeline, trigger: Trigger, upstream: Mapping[str, Upstream]
    ) -> PipelineInstance:
        """The next run of *served*, not yet one of its runs.

        Raises:
            GoCDError: A run of an upstream pipeline is missing.
        """
        pipeline, counter = served.pipeline, len(served.instances) + 1
        revision = {**revisions(pipeline, upstream), **trigger.revisions}
        values = Values(self._secrets, trigger.variables)
        return PipelineInstance(
            next(self._ids),
            pipeline,
            counter,
            label(pipeline, counter, revision, _in_labels(pipeline, values)),
            trigger.cause,
            revision,
            upstream,
            values,
        )

    def stage(self, run: PipelineInstance, stage: Stage, approver: str) -> StageInstance:
        """The next run of *stage* in *run*.

        Raises:
            Refusal: It has a job for all agents, and there is none for it.
        """
        counter = _next_counter(run, stage.name)
        jobs = [
            JobInstance(next(self._ids), plan, _running(run, stage, counter, name), number, agent)
            for plan in stage.jobs
            for name, number, agent in self._instances(stage, plan)
        ]
        return StageInstance(next(self._ids), stage, counter, approver, jobs)

    def rerun(
        self, run: PipelineInstance, earlier: StageInstance, names: Sequence[str], approver: str
    ) -> StageInstance:
        """The next run of a stage in which only these jobs run again; the others count as they are."""
        counter = _next_counter(run, earlier.name)
        jobs = []
        for job in earlier.jobs:
            running = _running(run, earlier.plan, counter, job.running.name)
            if job.running.name in names:
                again = JobInstance(
                    next(self._ids), job.plan, running, job.number, job.only_agent, is_rerun=True
                )
            else:
                again = JobInstance(
                    next(self._ids),
                    job.plan,
                    running,
                    job.number,
                    copy_of=job,
                    result=job.result,
                    agent=job.agent,
                    transitions=list(job.transitions),
                )
            jobs.append(again)
        rerun_of = earlier.rerun_of or earlier.counter
        return StageInstance(next(self._ids), earlier.plan, counter, approver, jobs, rerun_of=rerun_of)

    def _instances(self, stage: Stage, job: Job) -> Iterator[tuple[str, tuple[int, int] | None, str]]:
        """The names under which *job* runs, with number and count of a numbered one, or its only agent."""
        if job.run_instances is None:
            yield job.name, None, ""
        elif isinstance(job.run_instances, str):
            agents = self._agents.matching(job)
            if not agents:
                where = f"job [{job.name}] of stage [{stage.name}]"
                raise Refusal(409, f"Could not find matching agents to run {where}.")
            for number, agent in enumerate(agents, 1):
                yield f"{job.name}-runOnAll-{number}", None, agent
        else:
            for number in range(1, job.run_instances + 1):
                yield f"{job.name}-runInstance-{number}", (number, job.run_instances), ""


def _next_counter(run: PipelineInstance, stage: str) -> int:
    latest = run.latest(stage)
    return latest.counter + 1 if latest else 1


def _running(run: PipelineInstance, stage: Stage, counter: int, job: str) -> RunningJob:
    return RunningJob(run.pipeline.name, run.counter, run.label, stage.name, counter, job, run.cause.approver)


def _in_labels(pipeline: Pipeline, values: Values) -> dict[str, str]:
    """The variables that a label may show: no secure one."""
    known = {**pipeline.variables.plain, **values.overrides}
    return {name: value for name, value in known.items() if name not in pipeline.variables.secure}
