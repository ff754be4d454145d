"""One pipeline of a server, run while somebody waits for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from gocd.errors import GoCDError
from gocd.rehearsal.standin_gocd.history import PipelineInstance, Result, StageInstance
from gocd.rehearsal.standin_gocd.runs import PipelineRun, StageRun, Status
from gocd.rehearsal.standin_gocd.server import Server

# Seconds between two looks at what is due; a signal is handled no later.
LOOK = 0.1

_STATUS = {Result.PASSED: Status.PASSED, Result.FAILED: Status.FAILED, Result.CANCELLED: Status.CANCELLED}


class Orders(Protocol):
    """Whom a run is asked of: the server itself, or whoever asks it over the network."""

    def trigger(self, pipeline: str, user: str, variables: Mapping[str, str] | None = None) -> None: ...

    def run_stage(self, pipeline: str, counter: int, stage: str, user: str) -> object: ...


class Foreground:
    """Runs the pipeline of that name, and returns when nothing of it is under way any more."""

    def __init__(
        self,
        server: Server,
        pipeline: str,
        *,
        user: str = "rehearsal",
        variables: Mapping[str, str] | None = None,
        orders: Orders | None = None,
    ) -> None:
        """Run it as *user* would, with *variables* in place of those that it declares.

        Args:
            orders: Who is asked for it, in place of the server itself.
        """
        self.server = server
        self._orders = orders or server
        self._variables = variables
        self._served = server.served(pipeline)
        self._user = user
        self._is_cancelled = False

    @property
    def _run(self) -> PipelineInstance | None:
        return self._served.latest

    def run(self, approve: Collection[str] = ()) -> PipelineRun:
        """Start a new run, whose stages go as far as they pass and are approved.

        The first stage runs even when it is manual: starting the pipeline is what approves it.

        Args:
            approve: Manual stages that may run.

        Raises:
            GoCDError: There is no such stage, or the pipeline may not run.
        """
        self._check(approve)
        self._orders.trigger(self._served.name, self._user, self._variables)
        return self.wait(approve)

    def run_stage(self, name: str, approve: Collection[str] = ()) -> PipelineRun:
        """Run one stage of the present run again, or approve it, and then go on after it as GoCD does.

        Raises:
            GoCDError: There is no such stage, or it may not run.
        """
        self._check([name, *approve])
        if self._run is None:
            raise GoCDError(f"stage '{name}' cannot run: pipeline '{self._served.name}' has not run yet")
        self._orders.run_stage(self._served.name, self._run.counter, name, self._user)
        return self.wait(approve)

    def wait(self, approve: Collection[str] = ()) -> PipelineRun:
        """Wait until nothing of the newest run is under way, nor asked for.

        Args:
            approve: Manual stages that may run.

        Raises:
            GoCDError: There is none.
        """
        while True:
            self._until_at_rest()
            run = self._run
            if run is None or self._served.problem:
                raise GoCDError(f"no run of '{self._served.name}' came of it: {self._served.problem}")
            last = run.stages[-1]
            following = run.following(last.name)
            if self._is_cancelled or last.result is not Result.PASSED or following is None:
                return self._report(run, Status.CANCELLED if self._is_cancelled else _STATUS[last.result])
            if following.name not in approve:
                return self._report(run, Status.WAITING)
            self._orders.run_stage(self._served.name, run.counter, following.name, self._user)

    def cancel(self) -> None:
        """Cancel every running job and start no further stage; safe in a signal handler."""
        self._is_cancelled = True
        self.server.agents.cancel_all()

    def _check(self, stages: Collection[str]) -> None:
        known = [stage.name for stage in self._served.pipeline.stages]
        for name in stages:
            if name not in known:
                text = f"pipeline '{self._served.name}' has no stage '{name}'"
                raise GoCDError(f"{text}; its stages are {', '.join(known)}")

    def _until_at_rest(self) -> None:
        server, served = self.server, self._served
        with server.changed:
            while True:
                server.look()
                if self._is_cancelled and self._run:
                    for stage in self._active(self._run):
                        server.cancel_stage(served.name, self._run.counter, stage, self._user)
                is_asked_for = served.queued is not None
                if not (is_asked_for or self._active(self._run) or server.agents.is_at_work_for(served.name)):
                    break
                # A signal may arrive in any thread, but is handled in the main one, when that wakes up.
                server.changed.wait(LOOK)
        if server.agents.failure:
            raise server.agents.failure

    def _active(self, run: PipelineInstance | None) -> list[StageInstance]:
        return [stage for stage in run.stages if stage.is_active] if run else []

    def _report(self, run: PipelineInstance, status: Status) -> PipelineRun:
        self._is_cancelled = False
        stages = tuple(
            StageRun(
                stage.name,
                stage.counter,
                _STATUS[stage.result],
                tuple(each for job in stage.jobs for each in job.runs),
            )
            for stage in run.stages
        )
        following = run.following(run.stages[-1].name)
        waiting = following.name if following and status is Status.WAITING else ""
        return PipelineRun(
            pipeline=self._served.name,
            counter=run.counter,
            label=run.label,
            status=status,
            stages=stages,
            waiting_for=waiting,
            is_locked=self._served.locked_by is run,
        )
