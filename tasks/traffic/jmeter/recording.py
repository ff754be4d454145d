"""A run of a plan that leaves a record: what goes onto JMeter's command line, and what came of it."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gocd.files import LONGEST_TEXT, open_regular
from gocd.samples.jtl import JtlReader, UnreadableJtl
from gocd.secrets import hidden, secret_values
from tasks.running.errors import Cancelled, TaskError
from tasks.running.log import SILENCE
from tasks.running.waiting import Wait
from tasks.traffic.jmeter.found import JMeter
from tasks.traffic.jmeter.lacking import why_not_run
from tasks.traffic.jmeter.live import GrowingRecord
from tasks.traffic.jmeter.process import run_jmeter
from tasks.traffic.jmeter.property_file import property_file
from tasks.traffic.jmeter.settings import RECORD

JTL, LOG, DASHBOARD = "results.jtl", "jmeter.log", "dashboard"
_LINES_TOLD = 5
# Seconds until its test has begun: Java starts, and reads a plan.
_STARTS_WITHIN = 180
# Of its console: how many are looked through and told, and characters of one.
_LINES_KEPT, _LAST_LINES, _LONGEST_TOLD = 200, 3, 200
# What JMeter says when a part of the plan did not run, and then goes on and exits 0.
_BROKEN = ("Error occurred starting thread group", "Uncaught Exception")


@dataclass(frozen=True)
class Recording:
    """One run of *plan* into the folder *out*.

    Args:
        properties: What the plan reads with ``${__P(...)}``.
        dashboard: Whether JMeter makes its own pages as well.
        within: Seconds after which JMeter is stopped, or None.
    """

    plan: Path
    out: Path
    properties: Mapping[str, str]
    dashboard: bool = False
    within: float | None = None

    @property
    def jtl(self) -> Path:
        return self.out / JTL

    def words(self, properties: Path) -> list[str]:
        """Return what JMeter is told; what is in the file of *properties* goes over a site's own."""
        folder = self.out.resolve()
        words = ["-n", "-t", str(self.plan.resolve()), "-l", str(folder / JTL), "-j", str(folder / LOG)]
        words += ["-q", str(properties)]
        return [*words, "-e", "-o", str(folder / DASHBOARD)] if self.dashboard else words

    def clear(self) -> None:
        """Take away what an earlier run left: JMeter would append to it."""
        try:
            for name in (JTL, LOG):
                (self.out / name).unlink(missing_ok=True)
            dashboard = self.out / DASHBOARD
            # Only what JMeter itself made is taken away.
            if self.dashboard and (dashboard / "statistics.json").is_file():
                shutil.rmtree(dashboard)
        except OSError as problem:
            what = f"what an earlier run left in {self.out} cannot be deleted"
            raise TaskError(f"{what} ({problem.filename}: {problem.strerror})") from None


class DidNotEnd(TaskError):
    """JMeter took longer than it was given, to start or in all."""


class _Telling:
    """Passes on what JMeter says, and tells how far it is while it says nothing.

    Attributes:
        lines: Its last ones.
        broken: Its lines that tell of a part of the plan that did not run.
    """

    def __init__(self, recording: Recording, wait: Wait, watch: Callable[[], None]) -> None:
        self.lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self.broken: list[str] = []
        self._recording = recording
        self._wait = wait
        self._watch = watch
        self._growing = GrowingRecord(recording.jtl)
        self._start = self._spoke = wait.clock.now()
        self._started = False
        properties = [f"{name}={value}" for name, value in recording.properties.items()]
        self._secrets = secret_values(properties, {})

    def say(self, line: str) -> None:
        if line:
            self._spoke = self._wait.clock.now()
            # What it said last is in the verdict's files as well.
            line = hidden(line, self._secrets)
            self.lines.append(line)
            if line.startswith(_BROKEN):
                self.broken.append(line)
            self._wait.log.say(f"JMeter: {line}")
        self._look()

    def idle(self) -> None:
        """Tell how far it is.

        Raises:
            DidNotEnd: It has had its time.
        """
        self._look()
        elapsed = self._wait.since(self._start)
        words, log = "verify: JMeter runs", self._wait.log
        if log.live:
            log.show(f"{words}, {elapsed:.0f} s, {self._growing.numbers()}")
        elif self._wait.since(self._spoke) > SILENCE - 5:
            self._spoke = self._wait.clock.now()
            jtl = self._recording.jtl
            size = jtl.stat().st_size if jtl.exists() else 0
            log.say(f"{words}, {elapsed:.0f} s, {size / 1e6:,.1f} MB recorded")

    def _look(self) -> None:
        self._watch()
        within, elapsed = self._recording.within, self._wait.since(self._start)
        # JMeter makes its record when the test begins.
        self._started = self._started or self._recording.jtl.exists()
        if not self._started and elapsed >= _STARTS_WITHIN:
            last = last_words(self.lines)
            raise DidNotEnd(f"JMeter did not start within {_STARTS_WITHIN} s and was stopped; {last}")
        if within is not None and elapsed >= within:
            raise DidNotEnd(f"JMeter did not end within {within:,.15g} s and was stopped")


def record(recording: Recording, jmeter: JMeter, wait: Wait, watch: Callable[[], None] = lambda: None) -> str:
    """Run JMeter, passing on what it says, and return what went wrong, or nothing.

    That nothing went wrong says nothing of the samples: JMeter exits 0 when all of them failed, when there
    were none, and sometimes when it never started.

    Args:
        watch: Called about once a second; what it raises ends JMeter too.

    Raises:
        TaskError: JMeter cannot be started.
    """
    recording.clear()
    log, start = wait.log, wait.clock.now()
    telling = _Telling(recording, wait, watch)
    log.stands(f"JMeter was started, its record is {recording.jtl}")
    try:
        with property_file({**recording.properties, **RECORD}) as properties:
            words = [*jmeter.words, *recording.words(properties)]
            code = run_jmeter(words, telling.say, telling.idle)
    except DidNotEnd as ended:
        return ended.what
    except Cancelled:
        log.stands(
            f"JMeter was stopped after {wait.since(start):.0f} s; what it had recorded until then, "
            f"{_samples(recording.jtl)}, is in {recording.jtl} and was not judged",
            "Run it again for a verdict",
        )
        raise
    lacking = why_not_run(telling.lines, jmeter.home)
    if code and lacking:
        return f"JMeter cannot run the plan: {lacking}"
    if code:
        return f"JMeter exited {code}: {_joined(telling.lines)}"
    if not recording.jtl.exists():
        return f"JMeter exited 0 and left no {JTL}: {lacking or _joined(telling.lines)}"
    if telling.broken:
        return f"JMeter did not run the whole plan: {lacking or telling.broken[0]}"
    if recording.dashboard and not (recording.out / DASHBOARD / "index.html").exists():
        log.say(f"JMeter: no dashboard was made; why is in {recording.out / LOG}")
    return ""


def last_words(lines: Iterable[str]) -> str:
    """Return what JMeter said last, as a part of a sentence."""
    said = _joined(lines)
    return f"it said last: {said}" if said else "it said nothing"


def _joined(lines: Iterable[str]) -> str:
    return " / ".join(line[:_LONGEST_TOLD] for line in [*lines][-_LAST_LINES:])


def errors_logged(out: Path) -> list[str]:
    """Return the first errors in JMeter's log, or its last lines if there is no error in it."""
    try:
        with open_regular(out / LOG) as log:
            errors: list[str] = []
            last: deque[str] = deque(maxlen=_LINES_TOLD)
            while len(errors) < _LINES_TOLD and (line := log.readline(LONGEST_TEXT)):
                last.append(line.decode("utf-8", "replace").rstrip("\r\n"))
                errors += [last[-1]] if b" ERROR " in line else []
    except OSError:
        return []
    return errors or list(last)


def _samples(jtl: Path) -> str:
    reader = JtlReader(jtl)
    try:
        for _ in reader:
            pass
    except (UnreadableJtl, OSError):
        return "nothing that can be read"
    return f"{reader.samples:,} samples"
