"""A rollout as its event files tell it: runs of tasks, and states of instances."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gocd.report.environment_states import environment_states
from gocd.report.event_files import read_events
from gocd.report.instance_states import InstanceStates, instance_states
from gocd.report.intervals import Interval
from gocd.report.task_runs import TaskRun, grouped, run_of

# Tasks that look on, and change nothing that a user could notice.
DEPLOYS = "deploy-artifact"
WATCHING = {"verify-traffic", "check-status", "clone-environment", "report", "lock", "iam-policy"}


@dataclass(frozen=True)
class Rollout:
    """What happened; *environments* are in states of shares of users; *complaints*: what was unreadable."""

    runs: tuple[TaskRun, ...] = ()
    instances: tuple[InstanceStates, ...] = ()
    environments: tuple[InstanceStates, ...] = ()
    complaints: tuple[str, ...] = ()

    @property
    def intervals(self) -> list[Interval]:
        """The times in which a task ran."""
        return [(run.start, run.until) for run in self.runs]

    @property
    def changing(self) -> list[Interval]:
        """The times in which a task ran that may change who serves users what.

        What is deployed to an environment that nobody was led to yet does not.
        """
        return [
            (run.start, run.until)
            for run in self.runs
            if run.task not in WATCHING and not (run.task == DEPLOYS and run.until <= self._led_from)
        ]

    @property
    def _led_from(self) -> float:
        """When users were first led to another environment; without any, from the beginning."""
        led = [stay.start for each in self.environments for stay in each.stays[1:]]
        return min((at for at in led if at is not None), default=-math.inf)

    @property
    def pipelines(self) -> tuple[str, ...]:
        """The pipeline runs it belongs to, such as ``staging/12``."""
        return tuple(dict.fromkeys(run.pipeline for run in self.runs if run.pipeline))


def read_rollout(files: Iterable[Path]) -> Rollout:
    """Read event files in any order, of one agent or of several.

    Raises:
        OSError: A file cannot be read.
    """
    events, complaints = read_events(files)
    groups = grouped(events)
    runs = tuple(run_of(group) for group in groups)
    return Rollout(runs, instance_states(groups), environment_states(events), tuple(complaints))
