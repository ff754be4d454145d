"""The end of a switch: green has all users, and nobody comes to blue any more."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tasks.aws.api import Aws
from tasks.aws.minute_counts import requests_by_minute
from tasks.running.waiting import Wait
from tasks.switching.moving import Moving
from tasks.switching.plan import Plan
from tasks.switching.record import State
from tasks.switching.silence import APART, LATE, Silence, wait_for_silence
from tasks.switching.sizes import release_arrived


def arrive(
    plan: Plan, moving: Moving, keep_sticky: bool, timeout: float | None, aws: Aws, wait: Wait
) -> None:
    """See blue silent, if green has all users by now.

    Args:
        keep_sticky: Leave clients with blue whose cookie keeps them there.
        timeout: Seconds to wait at most; None for as long as it may take.

    Raises:
        TimedOut: Somebody still comes to blue.
    """
    blue, green, stays, log = plan.blue.name, plan.green.name, plan.found.stays, wait.log
    if moving.switch.at < 100:
        log.say(f"{green}: {moving.switch.at}% of users; go on with more, or --back")
        return
    if moving.switch.state is State.DONE:
        log.say(f"{green}: all users, and nothing to do")
        return
    log.stands(f"{green} has all users, and {blue} is not known to be silent", moving.advice)
    if plan.found.balancer.network:
        log.say(f"{blue}: connections that it has are counted for no target group alone; see its hosts")
    elif keep_sticky and stays:
        log.say(f"{blue}: clients with a cookie of it stay, the last of them for up to {stays} s")
    else:
        within = stays + LATE if timeout is None else timeout
        wait_for_silence(_silence(plan, within, aws), wait)
    moving.stay()
    release_arrived(aws, plan.green.arn, log)
    moving.end(State.DONE)
    log.event("switched", green=green, blue=blue)
    log.say(f"{green}: all users; {blue} is left beside it without any")


def _silence(plan: Plan, within: float, aws: Aws) -> Silence:
    counted = plan.blue.counted(plan.found.balancer.arn)

    def count(since: datetime, until: datetime) -> Mapping[datetime, int]:
        return requests_by_minute(aws, counted, since, until)

    since = plan.began - timedelta(seconds=APART)
    return Silence(plan.blue.name, since, count, plan.found.stays, within)
