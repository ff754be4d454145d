"""Agents, and which of them gets which job: as many as there are jobs at a time, or a given number."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from gocd.pipeline import Job
from gocd.rehearsal.standin_gocd.agent import Agent
from gocd.rehearsal.standin_gocd.assignment import Assignment, Hooks
from gocd.rehearsal.standin_gocd.history import JobInstance, JobState
from gocd.rehearsal.standin_gocd.runs import JobRun, Status

Resources = Sequence[str]


@dataclass(eq=False)
class Workplace:
    """One agent between its jobs: a folder, and what it is good for."""

    folder: Path
    resources: Resources
    has_all: bool = False
    """Whether it has every resource that a job may want."""
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    agent: Agent | None = None
    job: JobInstance | None = None

    def suits(self, plan: Job) -> bool:
        return self.has_all or has_all(self.resources, plan.resources)


def has_all(resources: Resources, wanted: Iterable[str]) -> bool:
    """Whether an agent with *resources* may run a job that wants *wanted*.

    Source: GoCD's Agent.hasAllResources, which does not mind the case
    """
    return {each.lower() for each in wanted} <= {each.lower() for each in resources}


class Agents:
    """Gives each waiting job, the oldest first, an idle agent that has its resources.

    Source: GoCD's BuildAssignmentService.java
    """

    def __init__(
        self, folder: Path, environ: Mapping[str, str], hooks: Hooks, fleet: Sequence[Resources] | None
    ) -> None:
        """Make ready.

        Args:
            environ: The agents' own environment.
            fleet: The resources of each agent that there is; None for a new one whenever one is missing.
        """
        self._folder = folder
        self._environ = environ
        self._hooks = hooks
        self._numbers = count(1)
        self._is_elastic = fleet is None
        self._threads: list[threading.Thread] = []
        self.workplaces = [self._new(resources) for resources in fleet or ()]
        self.waiting: list[JobInstance] = []
        self.failure: Exception | None = None
        """A defect of an agent's own, which is nobody's failed job."""

    def matching(self, plan: Job) -> list[str]:
        """The agents that a job for all of them runs on, by uuid."""
        if self._is_elastic:
            return [""]
        return [each.uuid for each in self.workplaces if each.suits(plan)]

    def why(self, job: JobInstance) -> str:
        """Why nobody has taken *job* yet."""
        if any(self._suited(job)):
            return "every agent for it is at work"
        return "no agent has its resources, and it would wait for ever"

    def assign(
        self, work: Callable[[JobInstance, Workplace], Assignment], ended: Callable[[Workplace, JobRun], None]
    ) -> None:
        """Start every waiting job for which there is an agent.

        Args:
            work: Says what the job is, to the agent that gets it.
            ended: Called with what became of it, from a thread of its own.
        """
        for job in tuple(self.waiting):
            workplace = next((each for each in self._suited(job) if each.job is None), None)
            if workplace is None:
                if not self._makes_agent_for(job):
                    continue
                workplace = self._new((), has_all=True)
                self.workplaces.append(workplace)
            self.waiting.remove(job)
            assignment = work(job, workplace)
            agent = Agent(workplace.folder, assignment, self._environ, self._hooks)
            workplace.job, workplace.agent, job.agent = job, agent, workplace.uuid
            job.enter(JobState.ASSIGNED)
            thread = threading.Thread(target=self._run, args=(workplace, agent, ended))
            self._threads.append(thread)
            thread.start()

    def cancel(self, job: JobInstance) -> None:
        """Have the agent of *job* stop it, once."""
        for workplace in tuple(self.workplaces):
            if workplace.job is job and workplace.agent and not workplace.agent.is_cancelled:
                workplace.agent.cancel()

    def cancel_all(self) -> None:
        """Cancel what runs; a second time kills it. Safe in a signal handler."""
        for workplace in tuple(self.workplaces):
            if workplace.agent:
                workplace.agent.cancel()

    def release(self, workplace: Workplace, *, is_lost: bool) -> None:
        """Let *workplace* have its next job, or another agent take its place if it is lost."""
        workplace.agent = workplace.job = None
        if is_lost:
            self.workplaces.remove(workplace)
            if not workplace.has_all:
                self.workplaces.append(self._new(workplace.resources))

    def is_at_work_for(self, pipeline: str) -> bool:
        return any(each.job is not None and each.job.running.pipeline == pipeline for each in self.workplaces)

    def join(self) -> None:
        """Wait until no agent is at work."""
        for thread in tuple(self._threads):
            thread.join()

    def _suited(self, job: JobInstance) -> Iterator[Workplace]:
        for each in self.workplaces:
            # An agent that was made for a job that wants an elastic one takes no other.
            is_elastic = self._is_elastic or each.has_all == bool(job.plan.elastic_profile_id)
            if is_elastic and each.suits(job.plan) and job.only_agent in ("", each.uuid):
                yield each

    def _makes_agent_for(self, job: JobInstance) -> bool:
        return self._is_elastic or bool(job.plan.elastic_profile_id)

    def _new(self, resources: Resources, *, has_all: bool = False) -> Workplace:
        return Workplace(self._folder / str(next(self._numbers)), tuple(resources), has_all)

    def _run(self, workplace: Workplace, agent: Agent, ended: Callable[[Workplace, JobRun], None]) -> None:
        try:
            run = agent.run()
        # Whatever it is, the job is over, and whoever waits for it is to know.
        except Exception as defect:  # noqa: BLE001
            self.failure = defect
            run = JobRun(agent.running, Status.FAILED, (), Path(), {}, workplace.folder, repr(defect))
        ended(workplace, run)
        self._threads.remove(threading.current_thread())
