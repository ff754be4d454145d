"""As many stand-in agents as there are jobs at a time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue

from gocd.rehearsal.standin_gocd.agent import Agent
from gocd.rehearsal.standin_gocd.assignment import Assignment, Hooks
from gocd.rehearsal.standin_gocd.runs import JobRun, Status


class Agents:
    """Gives each job an idle agent, or a new one in a folder of its own."""

    def __init__(self, folder: Path, environ: Mapping[str, str], hooks: Hooks) -> None:
        self._folder = folder
        self._environ = environ
        self._hooks = hooks
        self._numbers = count(1)
        self._idle: SimpleQueue[Path] = SimpleQueue()
        self._busy: list[Agent] = []
        self.is_cancelled = False

    def run(self, assignment: Assignment) -> list[JobRun]:
        """Run a job, as often as its agent is lost once more and on a fresh agent each time."""
        runs: list[JobRun] = []
        while not runs or runs[-1].status is Status.LOST:
            folder = self._idle_folder()
            agent = Agent(folder, assignment, self._environ, self._hooks)
            self._busy.append(agent)
            if self.is_cancelled:
                agent.cancel()
            runs.append(agent.run())
            self._busy.remove(agent)
            if runs[-1].status is not Status.LOST:
                self._idle.put(folder)
        return runs

    def cancel(self) -> None:
        """Cancel what runs and whatever is given to an agent from now on; safe in a signal handler."""
        self.is_cancelled = True
        for agent in tuple(self._busy):
            agent.cancel()

    def _idle_folder(self) -> Path:
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._folder / str(next(self._numbers))
