"""Settling: a fixed sleep, or until everyone asked gives evidence."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.balancing.batch import Batch
from tasks.running.errors import TimedOut
from tasks.running.waiting import Missing, Wait, closely
from tasks.status.check import Check, ask_once

# Servers asked at a time; one that is down takes seconds to say nothing.
AT_A_TIME = 32

CheckFor = Callable[[Instance], Check]


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


class Row:
    """Good answers in a row, of each that is asked."""

    def __init__(self, asked: Iterable[str]) -> None:
        self._good = dict.fromkeys(asked, 0)

    def shortest(self, unwell: Collection[str]) -> int:
        """Note one more answer of each, good but for those *unwell*, and return the shortest row."""
        for each in self._good:
            self._good[each] = 0 if each in unwell else self._good[each] + 1
        return min(self._good.values())


def settle_quietly(seconds: float, wait: Wait) -> None:
    """Sleep for *seconds*, as the staged recipe does after each attach and detach."""
    wait.rest(seconds, "settling")
    wait.log.say(f"settled: quiet for {seconds:.0f} s")
    wait.log.event("settled", seconds=seconds)


def settle_on_evidence(check: Check, evidence: Evidence, wait: Wait) -> None:
    """Return once *check* was good so many times in a row, one second apart.

    Raises:
        TimedOut: It was not within ``evidence.at_most`` seconds.
    """
    start = wait.clock.now()
    row = Row([check.url])

    def look() -> int | Missing:
        missing = ask_once(check, evidence.at_most - wait.since(start))
        good = row.shortest([check.url] if missing else [])
        if good >= evidence.consecutive and wait.since(start) >= evidence.at_least:
            return good
        return Missing(f"settling: {missing or 'good answers'}")

    try:
        good = wait.until_done(look, pace=lambda _: 1.0, within=evidence.at_most)
    except TimedOut:
        raise TimedOut(
            f"not settled: {check.url} did not give {evidence.consecutive} good answers in a row "
            f"within {evidence.at_most:.0f} s"
        ) from None
    seconds = wait.since(start)
    wait.log.say(f"settled: {good} good answers in a row, {seconds:.0f} s")
    wait.log.event("settled", seconds=round(seconds, 1), good_answers=good)


def settle_batch(
    check_for: CheckFor, batch: Batch, wait: Wait, *, seconds: float, consecutive: int | None
) -> None:
    """Let *batch* settle: for so long, or until each answered well so many times in a row.

    Args:
        seconds: The whole time, or the longest; whether all is well then is for the next look to say.
    """
    if consecutive is None:
        wait.rest(seconds, f"{batch.names}: settling")
        return
    start = wait.clock.now()
    row = Row(instance.id for instance in batch)

    def look() -> float | Missing:
        settled = row.shortest(ask(check_for, batch)) >= consecutive
        return wait.since(start) if settled else Missing(f"{batch.names}: settling")

    try:
        took = wait.until_done(look, pace=lambda _: 1.0, within=seconds)
        wait.log.say(f"{batch.names}: settled, {consecutive} good answers in a row, {took:.0f} s")
    except TimedOut:
        wait.log.say(f"{batch.names}: no {consecutive} good answers in a row within {seconds:.0f} s")


def ask(check_for: CheckFor, instances: Iterable[Instance]) -> Mapping[str, str]:
    """Ask all of them once and return, by instance id, what is missing; who is well is not in it.

    Raises:
        Refused: A URL cannot be asked at all.
    """
    instances = list(instances)
    checks = [check_for(instance) for instance in instances]
    if not checks:
        return {}
    with ThreadPoolExecutor(min(AT_A_TIME, len(checks))) as asking:
        answers = list(asking.map(ask_once, checks))
    return {each.id: missing for each, missing in zip(instances, answers, strict=True) if missing}


def wait_for_all(check_for: CheckFor, batch: Batch, wait: Wait, within: float) -> Mapping[str, str]:
    """Ask until all of *batch* are well, and return what is still missing when time is up.

    Args:
        within: Seconds.
    """
    start = wait.clock.now()
    unwell = {instance.id: "not asked yet" for instance in batch}

    def look() -> float | Missing:
        answers = ask(check_for, [each for each in batch if each.id in unwell])
        unwell.clear()
        unwell.update(answers)
        first = next((each for each in batch if each.id in unwell), None)
        return Missing(f"{first.name}: {unwell[first.id]}") if first else wait.since(start)

    try:
        seconds = wait.until_done(look, pace=closely, within=within)
    except TimedOut:
        return unwell
    expected = check_for(batch.instances[0]).expectation
    wait.log.say(f"{batch.with_verb('answers', 'answer')} {expected} after {seconds:.0f} s")
    return {}
