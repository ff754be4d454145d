"""A pipeline as code: what a ``.gocd.yaml`` file says, with GoCD's defaults filled in."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """Where a value is written; lines and columns begin at 1."""

    line: int
    column: int
    is_block: bool = False
    """Whether its own lines follow as they are, one by one."""

    def below(self, lines: int) -> Place:
        """Where the text is that is so many lines below the first of the value."""
        return Place(self.line + 1 + lines, 1) if self.is_block else self


class RunIf(Enum):
    """The job status so far in which a task runs."""

    PASSED = "passed"
    FAILED = "failed"
    ANY = "any"


@dataclass(frozen=True)
class Exec:
    """One process, started without a shell."""

    command: str
    arguments: tuple[str, ...] = ()
    working_directory: str = ""
    run_if: RunIf = RunIf.PASSED
    on_cancel: Task | None = None
    line: int = 0
    places: tuple[Place, ...] = field(default=(), compare=False)
    """Of the command and each argument."""

    @property
    def command_line(self) -> tuple[str, ...]:
        return (self.command, *self.arguments)

    @property
    def description(self) -> str:
        return shlex.join(self.command_line)


@dataclass(frozen=True)
class Fetch:
    """Copy what an earlier job published; an empty ``pipeline`` means this one."""

    stage: str
    job: str
    source: str
    pipeline: str = ""
    is_file: bool = False
    destination: str = ""
    artifact_origin: str = "gocd"
    run_if: RunIf = RunIf.PASSED
    on_cancel: Task | None = None
    line: int = 0
    column: int = field(default=1, compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def at(self, key: str) -> Place:
        """Where the value of *key* is written."""
        return self.places.get(key, Place(self.line, self.column))

    @property
    def upstream(self) -> str:
        """The pipeline that published it; ``up/mid`` names the way to it, farthest first."""
        return self.pipeline.split("/")[0]

    @property
    def description(self) -> str:
        of = f"{self.pipeline}/" if self.pipeline else ""
        return f"fetch {of}{self.stage}/{self.job}/{self.source}"


@dataclass(frozen=True)
class OtherTask:
    """A task that needs a server plugin or a build tool of its own: script, plugin, ant, rake, nant."""

    kind: str
    run_if: RunIf = RunIf.PASSED
    on_cancel: Task | None = None
    line: int = 0

    @property
    def description(self) -> str:
        return f"{self.kind} task"


Task = Exec | Fetch | OtherTask


@dataclass(frozen=True)
class Variables:
    """Environment variables; the secure ones hold what the server encrypted."""

    plain: Mapping[str, str] = field(default_factory=dict)
    secure: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    """Of the value of each."""
    names_at: Mapping[str, Place] = field(default_factory=dict, compare=False)

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.plain, *self.secure))


@dataclass(frozen=True)
class Artifact:
    """Files a job publishes; ``kind`` is ``build``, ``test`` or ``external``."""

    kind: str
    source: str
    destination: str = ""
    line: int = 0
    column: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Job:
    name: str
    tasks: tuple[Task, ...]
    variables: Variables = field(default_factory=Variables)
    artifacts: tuple[Artifact, ...] = ()
    tabs: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    elastic_profile_id: str = ""
    timeout: int | None = None
    """Minutes without output after which the server cancels the job; None leaves it to the server."""
    run_instances: int | str | None = None
    """A number, ``all`` for one on every agent, or None for a single plain job."""
    line: int = 0
    column: int = field(default=1, compare=False)
    tab_places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    timeout_place: Place = field(default=Place(1, 1), compare=False)


@dataclass(frozen=True)
class Approval:
    manual: bool = False
    allow_only_on_success: bool = False
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    name: str
    jobs: tuple[Job, ...]
    approval: Approval = field(default_factory=Approval)
    fetch_materials: bool = True
    keep_artifacts: bool = False
    clean_workspace: bool = False
    variables: Variables = field(default_factory=Variables)
    line: int = 0
    column: int = field(default=1, compare=False)


@dataclass(frozen=True)
class Material:
    """Something a pipeline is started by; ``kind`` is git, dependency, configrepo, or another of GoCD's."""

    name: str
    kind: str
    url: str = ""
    branch: str = ""
    destination: str = ""
    pipeline: str = ""
    stage: str = ""
    auto_update: bool = True
    ignore_for_scheduling: bool = False
    line: int = 0
    column: int = field(default=1, compare=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def at(self, key: str) -> Place:
        """Where the value of *key* is written."""
        return self.places.get(key, Place(self.line, self.column))

    @property
    def is_checked_out(self) -> bool:
        return self.kind not in ("dependency", "package")


@dataclass(frozen=True)
class Environment:
    name: str
    variables: Variables = field(default_factory=Variables)
    file: Path = field(default=Path(), compare=False)


@dataclass(frozen=True)
class Pipeline:
    name: str
    group: str
    materials: tuple[Material, ...]
    stages: tuple[Stage, ...]
    label_template: str = "${COUNT}"
    lock_behavior: str = "none"
    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Variables = field(default_factory=Variables)
    environment: Environment | None = None
    file: Path = Path()
    line: int = 0
    column: int = field(default=1, compare=False)

    def exec_tasks(self) -> Iterator[tuple[Stage, Job, Exec]]:
        """Every command line of the pipeline in order, those that run on cancel after their task."""
        for stage, job, task in self._tasks():
            for candidate in (task, task.on_cancel):
                if isinstance(candidate, Exec):
                    yield stage, job, candidate

    def fetch_tasks(self) -> Iterator[tuple[Stage, Job, Fetch]]:
        """Every artifact the pipeline fetches, in order."""
        for stage, job, task in self._tasks():
            if isinstance(task, Fetch):
                yield stage, job, task

    def _tasks(self) -> Iterator[tuple[Stage, Job, Task]]:
        return ((stage, job, task) for stage in self.stages for job in stage.jobs for task in job.tasks)
