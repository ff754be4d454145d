"""Users led from blue to green, a step at a time, and back if they are not well there."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tasks.running.errors import Cancelled, Refused, TaskError, TimedOut
from tasks.running.waiting import Missing, Wait, closely
from tasks.switching.enough import Enough
from tasks.switching.moving import Moving, SomeoneElse, Unseen
from tasks.switching.record import State
from tasks.switching.watch import Watch
from tasks.switching.way import Environment


@dataclass(frozen=True)
class Going:
    """What a switch is told.

    Args:
        steps: The percentages that green shall have, one after the other.
        watch: How each is proved.
        healthy_within: Seconds in which green's should be healthy once they are looked at.
        lost: What users have lost by now, in words; empty if nothing is known.
        prepare: What is done before anybody is led anywhere.
    """

    blue: Environment
    green: Environment
    steps: Sequence[int]
    watch: Watch
    healthy_within: float
    lost: Callable[[], str] = lambda: ""
    prepare: Callable[[], None] = lambda: None


def switch(moving: Moving, going: Going, wait: Wait) -> None:
    """Lead users to green.

    Raises:
        Refused: Green does not get healthy; all is as it was.
        TaskError: They were not well there, and are back.
    """
    with _back_if_not_well(moving, going, wait):
        going.prepare()
        if not moving.switch.at:
            _enter(moving, going, wait)
        for share in going.steps:
            going.watch.check(share)
            moving.to(share)
            going.watch.over(share, wait)
            moving.stay()


def go_back(moving: Moving, enough: Enough, wait: Wait, *, within: float = 0.0) -> None:
    """Lead users back to where they were.

    Args:
        within: Seconds in which there should be enough healthy ones to take them.

    Raises:
        Refused: There are not.
        TimedOut: There are not after that time.
    """
    if within:
        wait.until_done(lambda: _enough_of(enough, 100), pace=closely, within=within)
    elif missing := enough.missing(100):
        raise Refused(missing, "Bring them back first; --enough COUNT does with fewer")
    moving.to(0)
    moving.end(State.BACK)
    _say_where(moving, wait)


def _enough_of(enough: Enough, share: int) -> int | Missing:
    missing = enough.missing(share)
    return Missing(missing) if missing else enough.needed(share)


def _enter(moving: Moving, going: Going, wait: Wait) -> None:
    """Put green beside blue without any users, as only then it is looked at whether it is healthy."""
    moving.to(0)
    enough = going.watch.enough
    first = going.steps[0]

    try:
        needed = wait.until_done(lambda: _enough_of(enough, first), pace=closely, within=going.healthy_within)
    except TimedOut as late:
        raise Refused(late.what, "See why its targets are not healthy, and run this again") from None
    wait.log.say(f"{going.green.name}: {needed} or more healthy")


@contextmanager
def _back_if_not_well(moving: Moving, going: Going, wait: Wait) -> Iterator[None]:
    try:
        yield
    except (SomeoneElse, Unseen):
        raise
    except (TaskError, Cancelled) as ending:
        if not moving.given:
            moving.out()
            wait.log.restored(f"{going.blue.name} has all users, as before")
            raise
        if not going.blue.healthy() and going.green.healthy():
            stays = f"{going.blue.name} has nobody healthy, so users stay where they are"
            wait.log.stands(f"{stays}: {moving.switch.at}% on {going.green.name}", moving.advice)
            raise
        moving.to(0)
        moving.end(State.BACK)
        _say_where(moving, wait)
        wait.log.restored(f"{going.blue.name} has all users again, and {going.green.name} none")
        if isinstance(ending, Cancelled) or not (lost := going.lost()):
            raise
        ending.what = f"{ending.what}; {lost}"
        raise


def _say_where(moving: Moving, wait: Wait) -> None:
    switch = moving.switch
    beside = "" if all(each.way.lets_go for each in moving.courses) else ", and is left beside it"
    wait.log.say(f"{switch.blue}: all users again; {switch.green} has none{beside}")
    wait.log.event("switched-back", blue=switch.blue, green=switch.green)
