"""Who holds a deployment lock, and how it is known that they can no longer be at work."""

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from gocd.numbers import number
from gocd.running_job import RunningJob
from gocd.secrets import hidden
from tasks.running.quoting import one_line
from tasks.running.user import user

PROC = Path("/proc")

# In place of a start time: the process lives, or may live, but is not shown.
HIDDEN = "hidden"


# Those of an owner's facts that are no text.
NUMBERS = {"counter", "stage_counter", "process"}


class Unreadable(Exception):
    """A lock says what is not understood here; the text says what."""


@dataclass(frozen=True)
class Owner:
    """A job of a pipeline run, or a person outside of GoCD; and the process, where one holds the lock.

    Args:
        server: The GoCD server's URL: two servers may have pipelines of the same name.
        process: Its id; 0 where the lock is held for a whole run, or by a person's word, without a process.
        machine: What process ids count in: this start of this kernel, and the container. Empty if not known.
        started: When the process started, in the kernel's ticks, so that another one with the same id is told
            from it.
    """

    host: str
    user: str
    server: str = ""
    pipeline: str = ""
    counter: int = 0
    stage: str = ""
    stage_counter: int = 0
    job: str = ""
    machine: str = ""
    process: int = 0
    started: str = ""

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> "Owner":
        """This process, in the job that it runs in."""
        process, machine = os.getpid(), _machine()
        started = _started(process) if machine else ""
        person = cls(socket.gethostname(), user(), machine=machine, process=process, started=started)
        job = RunningJob.from_environment(environ)
        if job is None:
            return person
        return replace(
            person,
            server=hidden(environ.get("GO_SERVER_URL", "")),
            pipeline=job.pipeline,
            counter=job.counter,
            stage=job.stage,
            stage_counter=job.stage_counter,
            job=job.name,
        )

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> "Owner":
        """The owner in a lock's content; what another version wrote beside it is left alone.

        Raises:
            Unreadable: One of ours is of another kind.
        """
        known = {each.name: content[each.name] for each in fields(cls) if each.name in content}
        for name, value in known.items():
            if name in NUMBERS and number(value, 0, 2**53) == value and isinstance(value, int):
                continue
            if name in NUMBERS or not isinstance(value, str):
                raise Unreadable(f"its {name} is {one_line(repr(value))}")
        return cls(**{"host": "?", "user": "?", **known})

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}

    def whole_run(self) -> "Owner":
        """The pipeline run that this job belongs to, or the person, without a process."""
        return replace(self, stage="", stage_counter=0, job="", machine="", process=0, started="")

    @property
    def is_whole_run(self) -> bool:
        return self.process == 0

    @property
    def words(self) -> str:
        if not self.pipeline:
            by = f"{self.user}@{self.host}"
            return f"{by}, by hand" if self.is_whole_run else f"{by}, process {self.process}"
        if self.is_whole_run:
            return f"{self.pipeline}/{self.counter} for its whole run"
        return f"{self.pipeline}/{self.counter}, stage {self.stage}/{self.stage_counter} on {self.host}"

    def same_run(self, other: "Owner") -> bool:
        """Whether both belong to the same pipeline run, or are the same person on the same host."""
        if self.pipeline or other.pipeline:
            mine = (self.server, self.pipeline, self.counter)
            return mine == (other.server, other.pipeline, other.counter)
        return (self.user, self.host) == (other.user, other.host)

    def process_is_gone(self, here: "Owner") -> bool:
        """Whether the owner's process has ended, which only its own machine can tell.

        Without /proc (no Linux) nothing is known of it.
        """
        if self.is_whole_run or not self.machine or self.machine != here.machine:
            return False
        return _started(self.process) not in (self.started, HIDDEN)

    def superseded_by(self, here: "Owner") -> str:
        """Why GoCD would not run *here* if the owner's stage still ran; empty if it would.

        GoCD runs one stage of a pipeline run at a time, one run of a stage, and each job of it once; but a
        cancelled or lost agent may be at work for a while after the server has given it up.
        Source: https://api.gocd.org/current/#run-stage (409 while a stage of the run is active).
        """
        if self.is_whole_run or here.is_whole_run or not self.pipeline or not self.same_run(here):
            return ""
        if self.stage != here.stage:
            return f"GoCD has gone on to stage {here.stage} of the same run"
        if self.stage_counter < here.stage_counter:
            return f"GoCD runs stage {here.stage} again"
        if (self.stage_counter, self.job) == (here.stage_counter, here.job):
            return f"GoCD has given job {here.job} out again"
        return ""


def _machine() -> str:
    # Two containers may have one host name and the same process ids; these they do not share.
    try:
        kernel = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{kernel} {(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(process: int) -> str:
    """When *process* started; empty if it has ended, or no more of it is left than its exit code."""
    try:
        # The name, in parentheses, may itself hold blanks and parentheses (proc_pid_stat(5)).
        words = (PROC / f"{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return HIDDEN if _lives(process) else ""
    except OSError:
        return HIDDEN
    return "" if words[0] in "ZX" else words[19]


def _lives(process: int) -> bool:
    """Whether it lives although /proc does not show it (hidepid, proc(5)).

    Only to be asked where there is a /proc: on Windows signal 0 is no question, but a Ctrl-C.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
