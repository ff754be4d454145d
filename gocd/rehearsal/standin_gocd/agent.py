"""A stand-in GoCD agent, for the length of one job."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from queue import Empty, SimpleQueue

from gocd.errors import GoCDError
from gocd.pipeline import Exec, Fetch, RunIf, Task
from gocd.rehearsal.removal import remove
from gocd.rehearsal.standin_gocd.artifacts import publish_all
from gocd.rehearsal.standin_gocd.assignment import Assignment, Hooks, StartedTask
from gocd.rehearsal.standin_gocd.checkout import check_out
from gocd.rehearsal.standin_gocd.cleaning import clean
from gocd.rehearsal.standin_gocd.console import JobConsole, Tag
from gocd.rehearsal.standin_gocd.fetching import fetch
from gocd.rehearsal.standin_gocd.history import JobState
from gocd.rehearsal.standin_gocd.masking import Masking
from gocd.rehearsal.standin_gocd.runs import JobRun, Status, TaskRun
from gocd.rehearsal.standin_gocd.task_process import TaskProcess
from gocd.rehearsal.standin_gocd.variables import described, environment
from gocd.running_job import RunningJob


class _Signal(Enum):
    OVER = "the running process is over"
    CANCEL = "the server cancelled the job"
    KILL = "this agent is lost"


_JOB_TAGS = {Status.PASSED: Tag.JOB_PASSED, Status.FAILED: Tag.JOB_FAILED}
_TASK_TAGS = {
    Status.PASSED: Tag.TASK_PASSED,
    Status.FAILED: Tag.TASK_FAILED,
    Status.CANCELLED: Tag.TASK_CANCELLED,
}
_STREAMS = {"stdout": Tag.OUT, "stderr": Tag.ERR}


@dataclass(frozen=True)
class _Outcome:
    status: Status
    exit_code: int | None = None
    last_line: str = ""


class Agent:
    """Runs one assignment in ``pipelines/NAME`` below its folder, which outlives it.

    Source: GoCD's BuildWork.java, Builders.java and JobRunner.java
    """

    def __init__(
        self, folder: Path, assignment: Assignment, environ: Mapping[str, str], hooks: Hooks
    ) -> None:
        """Take *assignment*; *environ* is the agent's own environment, which tasks inherit."""
        self._assignment = assignment
        self._hooks = hooks
        self._environ = environ
        self._folder = folder / "pipelines" / assignment.running.pipeline
        self._masked = Masking(variable.value for variable in assignment.variables if variable.is_secure)
        self._tasks: list[TaskRun] = []
        # A queue that a signal handler may put into, even while this thread waits on it.
        self._signals: SimpleQueue[_Signal] = SimpleQueue()
        self.is_cancelled = False
        self._is_lost = False

    @property
    def running(self) -> RunningJob:
        return self._assignment.running

    def cancel(self) -> None:
        """Cancel the job, from any thread or signal handler; a second time kills what still runs.

        Only the running task's own on_cancel is run, and no further task, whatever its run_if.
        """
        self.is_cancelled = True
        self._signals.put(_Signal.CANCEL)

    def kill(self) -> None:
        """Lose this agent in the middle of what it does: SIGKILL to the running task, and not a word more."""
        self._is_lost = True
        self._signals.put(_Signal.KILL)

    def run(self) -> JobRun:
        """Run the job to its end and say what happened; nothing that a task does raises."""
        running, artifacts = self._assignment.running, self._assignment.artifacts
        log = artifacts / "cruise-output" / "console.log"
        with JobConsole(log, lambda line: self._hooks.line(running, line)) as console:
            status, problem = self._work(console)
        tabs = {name: artifacts / path for name, path in self._assignment.plan.tabs.items()}
        return JobRun(running, status, tuple(self._tasks), artifacts, tabs, self._folder, problem)

    def _work(self, console: JobConsole) -> tuple[Status, str]:
        place = f"{self._assignment.running.locator} on {socket.gethostname()} [{self._folder}]"
        report = self._assignment.report
        console.go(f"Job Started: {datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}")
        report(JobState.PREPARING)
        console.go(f"Start to prepare {place}")
        try:
            self._prepare(console)
        except (GoCDError, OSError) as error:
            console.go(f"Job failed: {error}")
            return Status.FAILED, str(error)
        report(JobState.BUILDING)
        console.go(f"Start to build {place}")
        status, problem = self._run_tasks(console), ""
        if status not in (Status.CANCELLED, Status.LOST):
            console.go(f"Current job status: {status.value}", _JOB_TAGS[status])
            report(JobState.COMPLETING)
            console.go(f"Start to upload {place}")
            plan, artifacts = self._assignment.plan, self._assignment.artifacts
            problem = publish_all(
                plan.artifacts, self._folder, artifacts, lambda line: console.go(line, Tag.PUBLISH)
            )
        if status is not Status.LOST:
            console.go(f"Job completed {place}", Tag.COMPLETED)
        return (Status.FAILED if problem else status), problem

    def _prepare(self, console: JobConsole) -> None:
        assignment = self._assignment
        if assignment.stage.clean_workspace:
            remove(self._folder, self._folder.parent)
        self._folder.mkdir(parents=True, exist_ok=True)
        if assignment.stage.fetch_materials:
            self._update_materials(console)
        else:
            skipped = "Skipping material update since stage is configured not to fetch materials"
            console.go(skipped, Tag.PREPARE)
        for line in described(self._environ, assignment.variables):
            console.go(line, Tag.PREPARE)

    def _update_materials(self, console: JobConsole) -> None:
        assignment = self._assignment
        clean(self._folder, assignment.materials, lambda line: console.go(line, Tag.PREPARE))
        console.go("Start to update materials.", Tag.PREPARE)
        for material in assignment.materials:
            if assignment.checkout and material.is_checked_out:
                check_out(assignment.checkout, self._folder, material.destination, assignment.leave_out)

    def _run_tasks(self, console: JobConsole) -> Status:
        status = Status.PASSED
        for task in self._assignment.plan.tasks:
            if self.is_cancelled or self._is_lost:
                break
            if task.run_if is not RunIf.ANY and task.run_if.value != status.value:
                continue
            if self._run_task(task, console).status is Status.FAILED:
                status = Status.FAILED
        if self._is_lost:
            return Status.LOST
        return Status.CANCELLED if self.is_cancelled else status

    def _run_task(self, task: Task, console: JobConsole) -> TaskRun:
        running = self._assignment.running
        self._hooks.task_started(StartedTask(running, task, self.kill))
        console.go(f"Task: {task.description}", Tag.TASK_START)
        started, started_at = time.monotonic(), time.time()
        try:
            outcome = self._outcome(task, console)
        except GoCDError as error:
            console.go(str(error), Tag.ERR)
            outcome = _Outcome(self._failed(), None, str(error))
        ended = time.monotonic()
        status, code, last_line = outcome.status, outcome.exit_code, outcome.last_line
        if status is not Status.LOST:
            exit_code = f" (exit code: {code})" if code else ""
            took = f"{round((ended - started) * 1000)} ms"
            console.go(f"Task status: {status.value} ({took}){exit_code}", _TASK_TAGS[status])
        run = TaskRun(running, task, status, started, ended, started_at, code, last_line)
        self._tasks.append(run)
        self._hooks.task_ended(run)
        return run

    def _outcome(self, task: Task, console: JobConsole) -> _Outcome:
        if isinstance(task, Exec):
            return self._execute(task, console)
        if isinstance(task, Fetch) and task.artifact_origin == "gocd":
            return self._fetch(task, console)
        raise GoCDError(f"A {task.description} needs a plugin of a real server and cannot be rehearsed")

    def _failed(self) -> Status:
        if self._is_lost:
            return Status.LOST
        return Status.CANCELLED if self.is_cancelled else Status.FAILED

    def _fetch(self, task: Fetch, console: JobConsole) -> _Outcome:
        pipeline, published = self._assignment.running.pipeline, self._assignment.published(task)
        fetch(task, pipeline, published, self._folder, lambda line: console.go(line, Tag.OUT), self._pause)
        return _Outcome(Status.PASSED)

    def _pause(self, seconds: float) -> None:
        """Let *seconds* of GoCD's own time go by; a cancelled or lost job is not kept waiting.

        Raises:
            GoCDError: The job was cancelled, or its agent lost.
        """
        with suppress(Empty):
            self._signals.get(timeout=seconds / self._assignment.speed)
            raise GoCDError("the job was cancelled")

    def _execute(self, task: Exec, console: JobConsole) -> _Outcome:
        process = self._start(task, console)
        process.when_over(lambda: self._signals.put(_Signal.OVER))
        cancels = 0
        while (signal := self._signals.get()) is not _Signal.OVER:
            if signal is _Signal.KILL:
                process.kill()
                return _Outcome(Status.LOST, last_line=self._masked(process.last_line(failed=False)))
            cancels += 1
            self._cancel(task, process, console, again=cancels > 1)
        code = process.wait()
        status = Status.CANCELLED if cancels else Status.FAILED if code else Status.PASSED
        return _Outcome(status, code, self._masked(process.last_line(failed=code != 0)))

    def _cancel(self, task: Exec, process: TaskProcess, console: JobConsole, *, again: bool) -> None:
        """Run the task's on_cancel, which leaves the process alone unless it stops it itself."""
        if task.on_cancel is None:
            console.go("On Cancel Task: Kills child processes", Tag.CANCEL_START)
            process.kill() if again else process.terminate()
            return
        console.go(f"On Cancel Task: {task.on_cancel.description}", Tag.CANCEL_START)
        try:
            if not isinstance(task.on_cancel, Exec):
                raise GoCDError(f"A {task.on_cancel.description} on cancel cannot be rehearsed")
            passed = self._start(task.on_cancel, console).wait() == 0
        except GoCDError as error:
            console.go(str(error), Tag.ERR)
            passed = False
        ended, tag = ("completed", Tag.CANCEL_PASSED) if passed else ("failed", Tag.CANCEL_FAILED)
        console.go(f"On Cancel Task {ended}", tag)

    def _start(self, task: Exec, console: JobConsole) -> TaskProcess:
        variables = environment(self._environ, self._assignment.variables)
        search_path = self._environ.get("PATH", "")
        return TaskProcess(
            task,
            self._folder,
            variables,
            search_path,
            lambda stream, line: console.line(self._masked(line), _STREAMS[stream]),
        )
