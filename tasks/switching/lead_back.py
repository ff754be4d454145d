"""Users led back to where they were, or what is over written down as over."""

from collections.abc import Callable

from tasks.locking.locks import Locking
from tasks.running.waiting import Wait
from tasks.switching.moving import Moving
from tasks.switching.plan import Plan
from tasks.switching.plan_back import Over
from tasks.switching.record import State
from tasks.switching.switch import go_back

NOTHING_TO_DO = "nothing to do: users are there already"


def lead_back(
    plan: Plan | Over, again: Callable[[], Plan | Over | None], locking: Locking, wait: Wait
) -> None:
    """Lead users back.

    Args:
        again: Plans once more, where somebody else may have changed what was read.
    """
    with locking.held(plan.locks) as locks:
        newer = again() if locks.contended else plan
        if newer is None:
            wait.log.say(NOTHING_TO_DO)
        elif isinstance(newer, Over):
            wait.log.steps(newer.lines)
            locks.check()
            newer.record.write(newer.switch.ended(State.BACK, 0))
        else:
            go_back(Moving(newer.courses, newer.record, newer.switch, locks.check, wait), newer.enough, wait)
