"""Jobs that say nothing for longer than their timeout, or that no agent takes for as long.

Source: GoCD's ConsoleActivityMonitor.java
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gocd.rehearsal.standin_gocd.assignment import Hooks
from gocd.rehearsal.standin_gocd.history import JobInstance, JobState
from gocd.running_job import RunningJob


class Inactivity:
    """Knows when each job was last heard of."""

    def __init__(self, minute: float) -> None:
        """Count *minute* seconds as a minute."""
        self._minute = minute
        self._heard: dict[str, float] = {}

    def hooks(self, hooks: Hooks) -> Hooks:
        """Those *hooks*, with every line of a console noted."""

        def line(running: RunningJob, text: str) -> None:
            self._heard[running.locator] = time.time()
            hooks.line(running, text)

        return replace(hooks, line=line)

    def hung(
        self, running: Iterable[JobInstance], waiting: Iterable[JobInstance]
    ) -> list[tuple[JobInstance, str]]:
        """The jobs that are to be cancelled, each with what its console then says of it."""
        silent = "generated any console output"
        unassigned = "been assigned an agent"
        return [
            *self._late((job for job in running if job.state is JobState.BUILDING), silent),
            *self._late(waiting, unassigned),
        ]

    def _late(self, jobs: Iterable[JobInstance], what: str) -> Iterator[tuple[JobInstance, str]]:
        for job in jobs:
            # A timeout of 0 is none, and where a job has none, a new server has none either.
            since = max(job.transitions[-1].at, self._heard.get(job.running.locator, 0.0))
            if job.plan.timeout and time.time() - since > job.plan.timeout * self._minute:
                minutes = f"more than {job.plan.timeout} minute(s)"
                yield job, f"Go cancelled this job as it has not {what} for {minutes}"
