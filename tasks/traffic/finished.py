"""Traffic that is under way: ended as JMeter wants to be ended, and judged from its beginning until then."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gocd.samples.limits import Thresholds
from gocd.samples.verdict import went_wrong
from tasks.running.errors import Refused, TaskError, TimedOut
from tasks.running.next_command import gocd_tasks
from tasks.running.process_tree import System, this_system
from tasks.running.waiting import Missing, Wait
from tasks.traffic.jmeter.orders import SHUTDOWN, STOP_NOW, order
from tasks.traffic.under_way import HELD, KILLED, UnderWay, left, this_job, under_way
from tasks.traffic.verification import Counts, conclude, failing, judged, tell

# Seconds for requests in flight to be answered, longer than most plans let one take; and to be broken off.
_SHUTDOWN_WITHIN, _STOPPED_WITHIN = 15.0, 10.0
# Seconds more that JMeter may take over its own pages.
_DASHBOARD_WITHIN = 120.0


def finish_traffic(
    out: Path, limits: Thresholds, counts: Counts, wait: Wait, environ: Mapping[str, str] = os.environ
) -> None:
    """End the traffic under way into *out*, and judge it until this moment.

    Args:
        limits: What it is held to beside, and over, the limits that it was begun with.

    Raises:
        Refused: There is none.
        TaskError: It is another run's; or it failed.
    """
    until = wait.clock.wall().timestamp()
    found = under_way(out, environ)
    if found is None:
        raise none_under_way(out)
    ran = found.ended is None and found.lives
    how = end(found, wait)
    if not _same_run(found.job, this_job(environ)):
        forget(found)
        raise TaskError(f"the traffic into {out} was begun by {found.job}: it was ended, and is not judged")
    if ran and (last := left(out)):
        killed = "" if last.ended else KILLED
        found = replace(found, problem=how or last.problem or killed)
    thresholds = Thresholds(
        {**found.thresholds.overall, **limits.overall}, {**found.thresholds.labels, **limits.labels}
    )
    broken = [went_wrong("jmeter", found.problem)] if found.problem else []
    verdict = judged([found.jtl], thresholds, counts, broken, until, since=found.even_since)
    forget(found)
    conclude(verdict, out, wait.log)


def judge_so_far(out: Path, wait: Wait) -> None:
    """Tell how the traffic under way into *out* has gone until this moment.

    Raises:
        Refused: There is none.
        TaskError: It has failed already.
    """
    found = under_way(out)
    if found is None:
        raise none_under_way(out)
    verdict = found.verdict_so_far(wait.clock.wall().timestamp())
    tell(verdict, wait.log)
    if not verdict.passed:
        raise failing(verdict, " so far")
    wait.log.say(f"verify: passed so far, all {len(verdict.criteria)} criteria")


def end(found: UnderWay, wait: Wait, system: System | None = None) -> str:
    """End what is under way, by stronger and stronger means; return why its record may lack something.

    Raises:
        TaskError: It cannot be ended.
    """
    if not found.lives:
        return ""
    pages = _DASHBOARD_WITHIN if found.dashboard else 0.0
    for command, within in ((SHUTDOWN, _SHUTDOWN_WITHIN + pages), (STOP_NOW, _STOPPED_WITHIN + pages)):
        order(found.port, command)
        if _ended(found, wait, within):
            return ""
    # What keeps JMeter ends it by the same means, and needs as long for each.
    (system or this_system()).end(found.process, lambda within: _ended(found, wait, 3 * within))
    if found.lives:
        raise TaskError(f"what keeps JMeter, process {found.process}, cannot be ended")
    return "JMeter did not end when it was told to, and was killed: its record may lack requests"


def none_under_way(out: Path) -> Refused:
    """Return the refusal of whoever needs traffic where there is none."""
    begin = gocd_tasks("verify-traffic", "--start")
    return Refused(f"no traffic is under way into {out}", f"It is begun before the work: {begin}")


def forget(found: UnderWay) -> None:
    """Take away the word of it: what is left is a record like any other."""
    for each in (found.state, found.out / HELD):
        with suppress(OSError):
            each.unlink()


def _same_run(begun: str, here: str) -> bool:
    """Whether what one job begun is another's to judge: not that of another run of its pipeline or stage.

    Who finishes it by hand knows what it was.
    """
    if not (begun and here):
        return True
    (*run, stage, counter, _), (*run_here, stage_here, counter_here, _) = begun.split("/"), here.split("/")
    return run == run_here and (stage != stage_here or counter == counter_here)


def _ended(found: UnderWay, wait: Wait, within: float) -> bool:
    def look() -> bool | Missing:
        return Missing("verify: JMeter ends") if found.lives else True

    with suppress(TimedOut):
        return wait.until_done(look, pace=lambda _: 0.1, within=within)
    return False
