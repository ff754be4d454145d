"""Traffic that one task has begun and another will finish: found by its folder, and judged so far."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gocd.files import read_bounded, write_whole
from gocd.json_text import read_json
from gocd.numbers import number
from gocd.running_job import RunningJob
from gocd.samples.asked import Asked, covering
from gocd.samples.jtl import UnreadableJtl
from gocd.samples.limits import RULES, Limits, Thresholds
from gocd.samples.measurement import Measurement, measure
from gocd.samples.verdict import Verdict, judge, unreadable, went_wrong
from tasks.running.held_file import is_held
from tasks.traffic.folder import USUALLY
from tasks.traffic.jmeter.recording import JTL

STATE, HELD = "under-way.json", "under-way.lock"

KILLED = "JMeter, and what kept it, was killed"

# Seconds that a sample may take into the record once it has ended.
_UNTIL_WRITTEN = 2.0


@dataclass(frozen=True)
class UnderWay:
    """A run of JMeter that has begun, and has not been finished by a task.

    Args:
        out: The folder of its record.
        plan: The plan, as it was named.
        thresholds: What all who judge it hold it to.
        process: The id of the process that keeps JMeter.
        job: The job that began it, as GoCD writes it; empty outside of GoCD.
        at_most: Seconds after which it ends by itself.
        port: Where JMeter takes its orders on this machine.
        dashboard: Whether it makes its own pages before it ends.
        even_since: When its first good answers had come evenly, seconds since 1970: until then JMeter gets
            going, and pauses as no service does. None if that was not waited for.
        ended: When it ended by itself, seconds since 1970.
        problem: Why it cannot be trusted to have gone well; empty if nothing is known against it.
    """

    out: Path
    plan: str
    thresholds: Thresholds
    process: int
    job: str
    at_most: float
    port: int
    dashboard: bool = False
    even_since: float | None = None
    ended: float | None = None
    problem: str = ""

    @property
    def jtl(self) -> Path:
        return self.out / JTL

    @property
    def state(self) -> Path:
        return self.out / STATE

    @property
    def lives(self) -> bool:
        """Whether the process that keeps JMeter is there."""
        return is_held(self.out / HELD)

    def write(self) -> None:
        """Leave word of it, in place of what was left before.

        Raises:
            OSError: It cannot be written.
        """
        facts = {name: value for name, value in asdict(self).items() if name not in ("out", "thresholds")}
        limits = {"overall": dict(self.thresholds.overall), "labels": self.thresholds.labels}
        write_whole(self.state, json.dumps({"schema": 1, **facts, "limits": limits}, indent=2) + "\n")

    def verdict_so_far(self, now: float) -> Verdict:
        """Judge what is recorded until *now*, seconds since 1970, by what is certain already.

        A limit that time alone can still reach, such as a number of samples, is not held against it. One
        that ended by itself has failed: whatever goes on has nobody to watch it.
        """
        broken = [went_wrong("jmeter", self.problem)] if self.problem else []
        try:
            measurement = measure(self.jtl, gaps_from=self.even_since)
        except (UnreadableJtl, OSError) as problem:
            return judge(None, self.thresholds, [*broken, unreadable(problem)])
        # What is being written at this moment is no damage.
        measurement = replace(
            measurement,
            truncated=False,
            files=tuple(replace(each, cut_off_line=None) for each in measurement.files),
        )
        measurement = up_to(measurement, now - _UNTIL_WRITTEN, self.even_since)
        return judge(measurement, _so_far(self.thresholds, measurement), broken)


def under_way(out: Path = USUALLY, environ: Mapping[str, str] = os.environ) -> UnderWay | None:
    """Return the traffic that is under way into the folder *out*, if any.

    What a job left behind that is not this one, and whose JMeter has ended, is under way no more. Of this
    job it still is, with what went wrong: whoever asks would otherwise take silence for well.
    """
    found = left(out)
    if found is None or found.lives:
        return found
    if found.job != this_job(environ):
        return None
    gone = "" if found.ended is not None else KILLED
    return replace(found, problem=found.problem or gone or "JMeter ended by itself, before it was told to")


def left(out: Path) -> UnderWay | None:
    """Return what is left of traffic in *out*, whether it is under way or not."""
    try:
        return _read(out, read_json(read_bounded(out / STATE)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def this_job(environ: Mapping[str, str] = os.environ) -> str:
    """Return the job that this process runs in, as GoCD writes it; empty outside of GoCD."""
    job = RunningJob.from_environment(environ)
    return job.locator if job else ""


def _read(out: Path, told: dict[str, Any]) -> UnderWay:
    limits = told["limits"]
    return UnderWay(
        out,
        str(told["plan"]),
        Thresholds(
            _limits(limits["overall"]), {label: _limits(of) for label, of in limits["labels"].items()}
        ),
        int(_at_least_0(told["process"])),
        str(told["job"]),
        _at_least_0(told["at_most"]),
        int(_at_least_0(told["port"])),
        told["dashboard"] is True,
        None if told.get("even_since") is None else _at_least_0(told["even_since"]),
        None if told["ended"] is None else _at_least_0(told["ended"]),
        str(told["problem"]),
    )


def _limits(told: dict[str, Any]) -> Limits:
    return {name: _at_least_0(limit) for name, limit in told.items() if name in RULES}


def _at_least_0(told: object) -> float:
    found = number(told, 0)
    if found is None:
        raise ValueError(f"{told} is no number from 0 up")
    return found


def up_to(measurement: Measurement, moment: float, since: float | None = None) -> Measurement:
    """Count the time since the last success as one in which none succeeded.

    Args:
        since: When gaps began to count; by default with the first request.
    """
    return covering(measurement, Asked(since or measurement.first_at or moment, moment))


def _so_far(thresholds: Thresholds, measurement: Measurement) -> Thresholds:
    return Thresholds(
        _without_number(thresholds.overall),
        {
            label: _without_number(limits)
            for label, limits in thresholds.labels.items()
            if label in measurement.labels
        },
    )


def _without_number(limits: Limits) -> Limits:
    return {name: limit for name, limit in limits.items() if name != "min-samples"}
