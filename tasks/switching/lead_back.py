"""Users led back to where they were, or what is over written down as over."""

from collections.abc import Callable

from tasks.aws.api import Aws
from tasks.locking.locks import Locking
from tasks.running.waiting import Wait
from tasks.switching.moving import Moving
from tasks.switching.plan import Plan
from tasks.switching.plan_back import Over
from tasks.switching.record import State
from tasks.switching.sizes import LAUNCHED_WITHIN, Sizes
from tasks.switching.switch import go_back

NOTHING_TO_DO = "nothing to do: users are there already"


def lead_back(
    plan: Plan | Over, again: Callable[[], Plan | Over | None], locking: Locking, aws: Aws, wait: Wait
) -> None:
    """Lead users back.

    Args:
        again: Plans once more, where somebody else may have changed what was read.
    """
    with locking.held(plan.locks) as locks:
        newer = again() if locks.contended else plan
        if newer is None:
            wait.log.say(NOTHING_TO_DO)
            return
        sizes = Sizes(aws, newer.switch.sizes, wait.log)
        locks.check()
        moving = Moving(newer.courses, newer.record, newer.switch, locks.check, wait, sizes.release)
        if isinstance(newer, Over):
            wait.log.steps(newer.lines)
            moving.end(State.BACK)
            return
        sizes.hold()
        # What a policy took away, or an earlier run has ordered, is waited for.
        within = LAUNCHED_WITHIN + newer.blue.healthy_within if sizes.growing() else 0.0
        go_back(moving, newer.enough, wait, within=within)
