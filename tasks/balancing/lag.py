"""AWS's descriptions lag: for some seconds they may not tell of a change that AWS has made.

Source: Amazon EC2 developer guide, Eventual consistency. It gives no figure, so this is a cautious one. One
description may tell of a change and the next one not yet.
"""

from collections.abc import Callable
from typing import TypeVar

from tasks.balancing.floor import FloorBroken
from tasks.running.waiting import Wait

# Seconds.
TOLD_AFTER = 5.0

Planned = TypeVar("Planned")


def planned_again(plan: Callable[[], Planned], wait: Wait) -> Planned:
    """Return the plan; where the floor forbids it, that of a moment in which AWS can tell of all up to here.

    Who was put back just now, and seen to serve, may look as if still away.
    """
    try:
        return plan()
    except FloorBroken as broken:
        wait.log.say(f"{broken.what}; looking again in {TOLD_AFTER:.0f} s")
        wait.rest(TOLD_AFTER, "waiting for AWS to tell of what has changed")
        return plan()
