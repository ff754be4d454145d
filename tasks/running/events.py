"""The event file: one JSON line for each thing that a task changed or saw change."""

import errno
import json
import os
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path

from gocd.files import make_folder, open_to_append
from gocd.running_job import RunningJob
from gocd.shown import shown, shown_lines
from tasks.running.errors import Refused

Fact = str | int | float | None

# The facts that are of several lines.
OF_LINES = {"traceback"}


class EventFile:
    """Appends events to a file that several commands of a stage share.

    Args:
        path: The file, made with its folders if absent; None records nothing.
        secrets: What is masked wherever it stands in a fact.

    Attributes:
        lost: Whether an event could not be written.

    Raises:
        Refused: The file cannot be written; found out here, before anything is changed.
    """

    def __init__(
        self,
        path: Path | None,
        task: str,
        wall: Callable[[], datetime],
        environment: Mapping[str, str] = os.environ,
        secrets: Collection[str] = (),
    ) -> None:
        self.lost = False
        self._path = path
        self._wall = wall
        self._secrets = secrets
        job = RunningJob.from_environment(environment)
        self._facts: dict[str, Fact] = {
            "pipeline": f"{job.pipeline}/{job.counter}" if job else None,
            "stage": f"{job.stage}/{job.stage_counter}" if job else None,
            "job": job.name if job else None,
            "task": task,
            "process": os.getpid(),
        }
        if path is not None:
            try:
                make_folder(path.parent)
                self.record("started", calls=0)
            except OSError as problem:
                raise Refused(f"the event file {path} cannot be written ({problem.strerror})") from None

    def record(self, state: str, **facts: Fact) -> None:
        """Append one event in one write, so that two commands never mix their lines.

        Raises:
            OSError: It cannot be written.
        """
        if self._path is None or self.lost:
            return
        time = self._wall().isoformat(timespec="milliseconds")
        told = {"time": time, **self._facts, "state": state, **facts}
        line = json.dumps({name: self._shown(name, fact) for name, fact in told.items()}) + "\n"
        with open_to_append(self._path) as file:
            if file.write(line.encode()) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _shown(self, name: str, fact: Fact) -> Fact:
        if not isinstance(fact, str):
            return fact
        return (shown_lines if name in OF_LINES else shown)(fact, self._secrets)
