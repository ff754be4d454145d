"""What every server of a fleet is asked, all at the same time."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tasks.aws.instances import Instance
from tasks.balancing.batch import Batch
from tasks.running.errors import TimedOut
from tasks.running.log import Log
from tasks.running.waiting import Wait, soon
from tasks.status.check import Check

# Servers asked at a time; one that is down takes seconds to say nothing.
AT_A_TIME = 32

CheckFor = Callable[[Instance], Check]


@dataclass(frozen=True)
class Questions:
    """The ``_status`` call of a rollout, in its two meanings.

    Args:
        alive: Makes the check that a server must pass before anything is done to it.
        deployed: Makes the one that it must pass with the new release.
        proves_version: Whether that one names the release's version.
    """

    alive: CheckFor
    deployed: CheckFor
    proves_version: bool


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
        answers = list(asking.map(lambda check: check.missing(), checks))
    return {each.id: missing for each, missing in zip(instances, answers, strict=True) if missing}


def wait_for_all(check_for: CheckFor, batch: Batch, wait: Wait, within: float, log: Log) -> Mapping[str, str]:
    """Ask until all of *batch* are well, and return what is still missing when time is up.

    Args:
        within: Seconds.
    """
    missing: Mapping[str, str] = {instance.id: "not asked yet" for instance in batch}

    def look() -> str | None:
        nonlocal missing
        missing = ask(check_for, [each for each in batch if each.id in missing])
        return next((f"{each.name}: {missing[each.id]}" for each in batch if each.id in missing), None)

    try:
        seconds = wait.until_done(look, pace=soon, within=within)
    except TimedOut:
        return missing
    expected = check_for(batch.instances[0]).expectation
    log.say(f"{batch.does('answers', 'answer')} {expected} after {seconds:.0f} s")
    return {}


def settle(
    check_for: CheckFor, batch: Batch, wait: Wait, log: Log, *, seconds: float, consecutive: int | None
) -> None:
    """Let *batch* settle: for so long, or until each answered well so many times in a row.

    Args:
        seconds: The whole time, or the longest; whether all is well then is for the next look to say.
    """
    if consecutive is None:
        wait.rest(seconds, f"{batch.names}: settling")
        return
    row = dict.fromkeys((instance.id for instance in batch), 0)

    def look() -> str | None:
        missing = ask(check_for, batch)
        for key in row:
            row[key] = 0 if key in missing else row[key] + 1
        return None if min(row.values()) >= consecutive else f"{batch.names}: settling"

    try:
        took = wait.until_done(look, pace=lambda _: 1.0, within=seconds)
        log.say(f"{batch.names}: settled, {consecutive} good answers in a row, {took:.0f} s")
    except TimedOut:
        log.say(f"{batch.names}: no {consecutive} good answers in a row within {seconds:.0f} s")
