"""Let things settle after an attach or a detach: a fixed sleep, or until a probe gives evidence."""

from dataclasses import dataclass
from typing import Annotated

from tasks import options
from tasks.aws.instances import find_instance
from tasks.balancing.lookup import connect
from tasks.frame import running
from tasks.options import option
from tasks.running.clock import SystemClock
from tasks.running.console import Color
from tasks.running.errors import Refused, TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait
from tasks.status.check import StatusCheck
from tasks.status.placeholders import fill, values_of


@dataclass(frozen=True)
class Evidence:
    """When a probe has shown enough.

    Args:
        consecutive: Good answers in a row.
        at_least: Seconds that pass in any case.
        at_most: Seconds after which the evidence is taken to be missing.
    """

    consecutive: int
    at_least: float
    at_most: float


def sleep_settle(seconds: float, wait: Wait, log: Log) -> None:
    """Sleep for *seconds*, as the staged recipe does after each attach and detach."""
    wait.rest(seconds, "settling")
    log.say(f"settled: quiet for {seconds:.0f} s")
    log.event("settled", seconds=seconds)


def settle_on_evidence(check: StatusCheck, evidence: Evidence, wait: Wait, log: Log) -> None:
    """Return once *check* was good so many times in a row, one second apart.

    Raises:
        TimedOut: It was not within ``evidence.at_most`` seconds.
    """
    start = wait.clock.now()
    good = 0

    def look() -> str | None:
        nonlocal good
        missing = check.missing()
        good = 0 if missing else good + 1
        if good >= evidence.consecutive and wait.clock.now() - start >= evidence.at_least:
            return None
        return f"settling: {missing or 'good answers'}"

    try:
        seconds = wait.until_done(look, pace=lambda _: 1.0, within=evidence.at_most)
    except TimedOut:
        raise TimedOut(
            f"not settled: {check.url} did not give {evidence.consecutive} good answers in a row "
            f"within {evidence.at_most:.0f} s"
        ) from None
    log.say(f"settled: {good} good answers in a row, {seconds:.0f} s")
    log.event("settled", seconds=round(seconds, 1), good_answers=good)


def command(
    seconds: Annotated[float | None, option("--seconds", "Sleep for so long.", min=0)] = None,
    probe_url: Annotated[
        str | None, option("--probe-url", "Settle on evidence: what to ask, once a second.")
    ] = None,
    instance: Annotated[str | None, option("--instance", "The instance that the URL speaks of.")] = None,
    consecutive: Annotated[int, option("--consecutive", "Good answers in a row.", min=1)] = 5,
    at_least: Annotated[float, option("--at-least", "Seconds that pass in any case.", min=0)] = 0,
    at_most: Annotated[float, option("--at-most", "Seconds after which it has failed.", min=0)] = 120,
    events: options.Events = None,
    color: options.ColorChoice = Color.AUTO,
) -> None:
    """Let things settle after an attach or a detach.

    Example: gocd-tasks sleep-settle --seconds 60
    """
    with running("sleep-settle", events, color) as log:
        wait = Wait(SystemClock(), log)
        if (seconds is None) == (probe_url is None):
            raise Refused("give either --seconds or --probe-url")
        if probe_url is None:
            sleep_settle(seconds or 0, wait, log)
            return
        values = values_of(find_instance(connect(log), instance), None) if instance else {}
        evidence = Evidence(consecutive, at_least, at_most)
        settle_on_evidence(StatusCheck(fill(probe_url, values)), evidence, wait, log)
