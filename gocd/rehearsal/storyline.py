"""A rehearsal told line by line: each task once, as it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from gocd.pipeline import Exec, Fetch
from gocd.rehearsal.standin_gocd.runs import Status, TaskRun
from gocd.rehearsal.summary import TaskRow
from gocd.running_job import RunningJob

TASK_WIDTH = 28


class Storyline:
    """Tells tasks under their stages and jobs, and keeps them as *rows*."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.rows: list[TaskRow] = []
        self._say = say

    def add(self, task: TaskRun) -> None:
        """Tell one task that has ended."""
        stage = f"{task.job.stage}/{task.job.stage_counter}"
        if not self.rows or self.rows[-1].stage != stage:
            self._say("")
            self._say(f"{task.job.pipeline}/{task.job.counter}/{stage}")
        row = TaskRow(stage, task.job.name, named(task), task.seconds, task.status.value, remark(task))
        self.rows.append(row)
        self._say(f"  {row.task:{TASK_WIDTH}} {row.seconds:6.1f} s   {row.status:9}   {row.remark}".rstrip())

    def waits(self, job: RunningJob, why: str) -> None:
        """Tell of a job that no agent takes at once."""
        self._say(f"  {job.stage}/{job.name} waits: {why}")


# Options that say which of a command's several things is done.
AROUND = {"--start", "--finish"}


def named(task: TaskRun) -> str:
    """What a task does, fit for one column: ``detach-instance Staging-1``."""
    plan = task.task
    name = task.description
    if isinstance(plan, Fetch):
        name = f"fetch {PurePath(plan.source).name}"
    elif isinstance(plan, Exec) and PurePath(plan.command).name == "gocd-tasks":
        words = plan.arguments
        about = next((word for word in words[1:2] if not word.startswith("-") or word in AROUND), "")
        name = f"{words[0]} {about}".rstrip()
    return name if len(name) <= TASK_WIDTH else f"{name[: TASK_WIDTH - 3]}..."


def remark(task: TaskRun) -> str:
    """The last line of a task's output, without the name that the row begins with."""
    if task.status is Status.LOST:
        return "its agent was lost; the job goes to another one"
    if task.status is Status.FAILED:
        return "" if task.exit_code is None else f"exit code {task.exit_code}"
    subject, colon, rest = task.last_line.partition(": ")
    return rest if colon and subject in (*task.description.split(), "settled") else task.last_line
