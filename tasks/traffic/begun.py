"""Traffic begun before a stage's work: JMeter runs, and its first requests are answered."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gocd.files import read_bounded
from gocd.samples.jtl import UnreadableJtl
from gocd.samples.limits import Thresholds
from gocd.samples.measurement import Measurement, measure
from gocd.samples.verdict import headline, kinds
from tasks.running.errors import TaskError, TimedOut
from tasks.running.process_tree import Process, TimeoutExpired, this_system
from tasks.running.undisturbed import undisturbed
from tasks.running.waiting import Missing, Wait
from tasks.traffic.finished import end, forget
from tasks.traffic.getting_going import EVENLY_FOR, even_since, longest_pause
from tasks.traffic.jmeter.found import JMeter
from tasks.traffic.jmeter.keeper import CONSOLE, Order, begin_keeper
from tasks.traffic.jmeter.orders import free_port, listening_on
from tasks.traffic.jmeter.recording import JTL, errors_logged, last_words
from tasks.traffic.under_way import STATE, UnderWay, left, this_job
from tasks.traffic.verification import ready

# Seconds in which the first request may be answered: Java starts, and reads a plan.
FIRST_WITHIN = 60.0
# Seconds of nothing but failures after which no success is waited for.
_FAILING_FOR = 10.0
# A plan's own end must not come before that which --at-most sets.
_LONGER = 60


@dataclass(frozen=True)
class Beginning:
    """Traffic to begin.

    Args:
        at_most: Seconds after which it ends by itself.
        within: Seconds in which the first request must succeed.
    """

    plan: Path
    out: Path
    properties: Mapping[str, str]
    thresholds: Thresholds
    dashboard: bool
    at_most: float
    within: float = FIRST_WITHIN


def begin_traffic(
    beginning: Beginning, jmeter: JMeter, wait: Wait, environ: Mapping[str, str] = os.environ
) -> None:
    """Begin traffic that lasts until it is finished, and return once its first request has succeeded.

    Where gaps are limited it must have come evenly, too: until then JMeter gets going, and how long that took
    is told and not judged. Traffic that is still under way into the same folder is ended first.

    Raises:
        TaskError: It did not come to that; then no JMeter is left.
    """
    out, log = beginning.out, wait.log
    job = this_job(environ)
    end_earlier(out, wait, job)
    ready(out)
    log.say(jmeter.title)
    port = free_port()
    duration = {"duration": str(math.ceil(beginning.at_most) + _LONGER)}
    properties = {**duration, **beginning.properties, **listening_on(port)}
    order = Order(jmeter.words, str(beginning.plan), properties, beginning.dashboard)
    found = UnderWay(
        out=out,
        plan=str(beginning.plan),
        thresholds=beginning.thresholds,
        process=0,
        job=job,
        at_most=beginning.at_most,
        port=port,
        dashboard=beginning.dashboard,
    )
    with undisturbed() as heed:
        left_order, keeper = _begun_keeper(found, order)
        try:
            heed()
            measured = _first_answers(found, keeper, beginning.within, wait)
            found, measured = _got_going(found, keeper, measured, beginning.within, wait)
            _refuse_losses(found, wait)
        except BaseException:
            last = left(out) or found
            end(last, wait)
            _end_keeper(keeper)
            left_order.unlink(missing_ok=True)
            forget(last)
            log.stands("JMeter was ended, and nothing else was begun", "Mend that, and begin it again")
            raise
    log.say(f"verify: {headline(measured)}")
    until = f"until verify-traffic --finish or for {beginning.at_most:,.15g} s"
    log.say(f"verify: JMeter runs and is answered, {until}")


def _begun_keeper(found: UnderWay, order: Order) -> tuple[Path, Process]:
    """Start what keeps JMeter, and return the file with its order as well."""
    try:
        for stale in (JTL, CONSOLE):
            (found.out / stale).unlink(missing_ok=True)
        found.write()
        left_order = order.leave()
        return left_order, begin_keeper(found.out, left_order)
    except OSError as problem:
        raise TaskError(f"JMeter cannot be kept running ({problem.filename}: {problem.strerror})") from None


def end_earlier(out: Path, wait: Wait, job: str, folder: Path = Path()) -> None:
    """End what is still under way into *out*, or into another folder here for a job that is over, saying so.

    Args:
        job: The one that runs here: an agent runs one job at a time in a folder.
    """
    others = [left(state.parent) for state in sorted(folder.glob(f"*/{STATE}")) if state.parent != out]
    over = [each for each in others if each and job and each.job not in ("", job)]
    for found in [left(out), *over]:
        if found and found.lives:
            by = found.job or "somebody by hand"
            wait.log.say(f"verify: JMeter still runs for {by}, which did not finish it; it is ended first")
            end(found, wait)
            forget(found)


def _refuse_losses(found: UnderWay, wait: Wait) -> None:
    """See that users are well before anything is changed."""
    for criterion in found.verdict_so_far(wait.clock.wall().timestamp()).failed:
        if criterion.name == "max-errors":
            raise TaskError(f"users lose requests before anything was changed: {criterion.message}")


def _end_keeper(keeper: Process) -> None:
    """End what may not have come to hold its file yet, and would not be found by it."""

    def ended(within: float) -> bool:
        with suppress(TimeoutExpired):
            keeper.wait(within)
        return keeper.returncode is not None

    if keeper.poll() is None:
        this_system().end(keeper.pid, ended)


def _first_answers(found: UnderWay, keeper: Process, within: float, wait: Wait) -> Measurement:
    failing_since: list[float] = []

    def look() -> Measurement | Missing:
        gone = keeper.poll() is not None
        measured = _measured(found.jtl)
        _kept(found, gone, wait)
        if not found.jtl.exists():
            return Missing("verify: JMeter starts")
        if measured is None or not measured.sent:
            return Missing("verify: no request has ended yet")
        if measured.succeeded:
            return measured
        failing_since.append(wait.clock.now())
        if wait.since(failing_since[0]) > _FAILING_FOR:
            raise TaskError(f"no request succeeds: {measured.sent:,} failed ({kinds(measured)})")
        return Missing("verify: no request has succeeded yet")

    try:
        return wait.until_done(look, pace=lambda _: 0.2, within=within)
    except TimedOut as late:
        what = late.what.removeprefix("verify: ")
        if not found.jtl.exists():
            what = f"JMeter did not start within {within:,.0f} s; {last_words(_console(found.out))}"
        raise TaskError(what) from None


def _got_going(
    found: UnderWay, keeper: Process, first: Measurement, within: float, wait: Wait
) -> tuple[UnderWay, Measurement]:
    pause = longest_pause(found.thresholds)
    if pause is None:
        return found, first

    def look() -> UnderWay | Missing:
        now = _kept(found, keeper.poll() is not None, wait)
        with suppress(OSError, UnreadableJtl):
            if since := even_since(found.jtl, pause):
                return replace(now, even_since=since)
        return Missing(f"verify: answered; {EVENLY_FOR:g} s of even answers are waited for")

    try:
        going = wait.until_done(look, pace=lambda _: 0.2, within=within)
    except TimedOut:
        raise TaskError(
            f"good answers do not come without a pause longer than {pause:g} s before anything was changed"
        ) from None
    going.write()
    began, since = first.first_at or 0.0, going.even_since or 0.0
    if since - began > pause:
        wait.log.say(f"verify: JMeter took {since - began:.1f} s to get going, in which no gap counts")
    return going, measure(found.jtl, gaps_from=since)


def _kept(found: UnderWay, gone: bool, wait: Wait) -> UnderWay:
    """Return what is under way as it stands; *gone* says that its keeper is.

    Raises:
        TaskError: It has ended.
    """
    now = left(found.out)
    if gone or now is None or now.ended is not None:
        for line in errors_logged(found.out):
            wait.log.say(f"jmeter.log: {line}")
        raise TaskError(_why_ended(now, found.out))
    return now


def _why_ended(found: UnderWay | None, out: Path) -> str:
    if found is None:
        return f"{out} was taken away"
    if found.ended is not None:
        return found.problem or "JMeter ended before a request was answered"
    return f"what keeps JMeter ended; {last_words(_console(out))}"


def _console(out: Path) -> list[str]:
    with suppress(OSError):
        told = read_bounded(out / CONSOLE).decode("utf-8", "backslashreplace").splitlines()
        return [line.removeprefix("JMeter: ") for line in told]
    return []


def _measured(jtl: Path) -> Measurement | None:
    with suppress(OSError, UnreadableJtl):
        return measure(jtl)
    return None
