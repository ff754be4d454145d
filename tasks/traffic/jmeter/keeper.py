"""Keeps JMeter between the task that begins traffic and the one that finishes it: a process of its own.

It outlives the one, as nothing of it descends from it or holds its outputs, and ends with JMeter; after the
longest time that traffic may take; or once its folder was taken away, as the next run of a stage may do.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NoReturn

import typer

from gocd.files import open_to_append, read_bounded
from gocd.json_text import read_json
from tasks.cli import heed_cancels
from tasks.frame import running
from tasks.running.errors import TaskError
from tasks.running.held_file import hold
from tasks.running.process_tree import Process, System, this_system
from tasks.running.waiting import Missing, Wait
from tasks.traffic.jmeter.found import JMeter
from tasks.traffic.jmeter.recording import Recording, record
from tasks.traffic.under_way import HELD, left

CONSOLE = "jmeter-console.log"
# Not as a module: Python would look for it in the job's own folder first, which may have a folder tasks too.
_START = """
import sys
sys.path[:] = filter(None, sys.path)
from tasks.traffic.jmeter.keeper import main
main(*sys.argv[1:])
"""


@dataclass(frozen=True)
class Order:
    """What a keeper is told beside what everybody may read in the state of the traffic."""

    words: tuple[str, ...]
    plan: str
    properties: Mapping[str, str]
    dashboard: bool

    @classmethod
    def take(cls, path: Path) -> Order:
        """Read it and take it away."""
        told = read_json(read_bounded(path))
        path.unlink()
        return cls(tuple(told["words"]), told["plan"], told["properties"], told["dashboard"])

    def leave(self) -> Path:
        """Write it where we alone can read it: properties may be secret."""
        handle, name = tempfile.mkstemp(prefix="gocd-tasks-", suffix=".json")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(self.__dict__, file)
        return Path(name)


class TakenAway(TaskError):
    """Its folder is there no more, or has become another's."""


def begin_keeper(out: Path, order: Path, system: System | None = None) -> Process:
    """Start a keeper of the traffic whose state is in *out*, by the file *order*.

    Raises:
        OSError: It cannot be started.
    """
    words = [sys.executable, "-c", _START, str(out.resolve()), str(order)]
    try:
        with open_to_append(out / CONSOLE) as console:
            return (system or this_system()).begin(words, console)
    except OSError:
        order.unlink(missing_ok=True)
        raise


def keep(out: Path, order: Order, wait: Wait) -> None:
    """Run JMeter to its end, with word of it in *out*, which is held from then on until this process ends.

    Raises:
        TaskError: It cannot be started, or its folder was taken away.
    """
    found = left(out)
    if found is None:
        raise TakenAway(f"{out} has no word of any traffic")
    lock = _held(out, wait)
    begun = replace(found, process=os.getpid())
    begun.write()

    def watch() -> None:
        if not _is_still(lock, out):
            raise TakenAway(f"{out} was taken away, and JMeter ended")

    start = wait.clock.now()
    recording = Recording(Path(order.plan), out, order.properties, order.dashboard, begun.at_most)
    try:
        problem = record(recording, JMeter(order.words, ""), wait, watch)
    except TakenAway:
        raise
    except TaskError as error:
        problem = error.what
    if wait.since(start) >= begun.at_most:
        problem = f"the traffic was not finished after {begun.at_most:,.15g} s (--at-most): JMeter was ended"
    watch()
    # Whoever began it has noted something meanwhile.
    replace(left(out) or begun, ended=wait.clock.wall().timestamp(), problem=problem).write()


def _held(out: Path, wait: Wait) -> BinaryIO:
    def look() -> BinaryIO | Missing:
        try:
            return hold(out / HELD)
        except BlockingIOError:
            # Whoever looks whether it is held holds it for that moment.
            return Missing("another process keeps JMeter")

    return wait.until_done(look, pace=lambda _: 0.1, within=5)


def _is_still(lock: BinaryIO, out: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), (out / HELD).stat())
    except OSError:
        return False


def main(out: str, order: str) -> NoReturn:
    """Be the keeper of traffic into the folder *out*, by the file *order*; ends the process."""
    heed_cancels()
    code = 0
    try:
        with running("verify-traffic") as task:
            keep(Path(out), Order.take(Path(order)), task.wait)
    except typer.Exit as ended:
        code = ended.exit_code
    os._exit(code)
