"""Pipelines written in a few words, run on the stand-in server."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gocd.pipeline import Exec, Job, Material, Pipeline, RunIf, Stage, Task
from gocd.rehearsal.standin_gocd.assignment import Hooks, StartedTask
from gocd.rehearsal.standin_gocd.foreground import Foreground
from gocd.rehearsal.standin_gocd.runs import PipelineRun, TaskRun
from gocd.rehearsal.standin_gocd.server import Server
from gocd.running_job import RunningJob


def bash(script: str, run_if: str = "passed", on_cancel: Task | None = None, folder: str = "") -> Exec:
    return Exec("bash", ("-c", script), folder, RunIf(run_if), on_cancel)


def stage(name: str, *tasks: Task, **rest: Any) -> Stage:
    return Stage(name, (Job("job", tasks),), **rest)


def pipeline(*stages: Stage, **rest: Any) -> Pipeline:
    materials = (Material("app", "git", "https://example.com/app.git"),)
    return Pipeline(**{"name": "staging", "group": "apps", "materials": materials, "stages": stages, **rest})


def _ignore(_: object) -> None:
    return


@dataclass
class Rehearsed:
    """What the hooks of a server were told."""

    folder: Path
    lines: list[str] = field(default_factory=list)
    ended: list[TaskRun] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    when_waits: Callable[[], None] = lambda: None
    when_line: Callable[[str], None] = _ignore
    when_started: Callable[[StartedTask], None] = _ignore

    def server(self, of: Pipeline, **rest: Any) -> Foreground:
        hooks = Hooks(
            line=self._line, task_started=self._started, task_ended=self.ended.append, waits=self._waits
        )
        given = {name: rest.pop(name) for name in ("user", "variables") if name in rest}
        server = Server(
            [of], self.folder, hooks=hooks, **{"environ": dict(os.environ), "speed": 1000, **rest}
        )
        return Foreground(server, of.name, **given)

    def run(self, *tasks: Task) -> PipelineRun:
        """Run a pipeline of one stage with one job of *tasks*."""
        return self.server(pipeline(stage("one", *tasks))).run()

    def run_until(self, word: str, *tasks: Task) -> PipelineRun:
        """Run *tasks* and cancel when one of them writes *word*."""
        server = self.server(pipeline(stage("one", *tasks), stage("two", bash("echo never"))))
        self.when_line = lambda line: server.cancel() if line == word else None
        return server.run()

    def output(self) -> list[str]:
        """What the tasks wrote, without GoCD's own lines."""
        return [line for line in self.lines if not line.startswith("[go] ")]

    def _started(self, task: StartedTask) -> None:
        self.when_started(task)

    def _waits(self, job: RunningJob, why: str) -> None:
        self.waits.append(f"{job.name}: {why}")
        self.when_waits()

    def _line(self, _: RunningJob, line: str) -> None:
        self.lines.append(line)
        self.when_line(line)
