"""The end of a switch: green has all users, and nobody comes to blue any more."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tasks.aws.api import Aws
from tasks.aws.minute_counts import requests_by_minute
from tasks.hosts.idleness import SsmHosts
from tasks.running.waiting import Wait
from tasks.switching.connections import Connections
from tasks.switching.moving import Moving
from tasks.switching.plan import NETWORK_STAYS, Plan
from tasks.switching.record import State
from tasks.switching.silence import APART, LATE, Patience, Silence, wait_for_silence
from tasks.switching.sizes import release_arrived
from tasks.switching.watch import Evidence


def arrive(
    plan: Plan,
    moving: Moving,
    keep_sticky: bool,
    patience: Patience,
    hurt: Evidence,
    aws: Aws,
    wait: Wait,
) -> None:
    """See blue silent, if green has all users by now.

    Args:
        keep_sticky: Leave clients with blue whose cookie keeps them there.
        hurt: Tells what is wrong with users meanwhile.

    Raises:
        NotWell: Something is.
        TimedOut: Somebody still comes to blue, or nothing tells whether anybody does.
    """
    blue, green, stays, log = plan.blue.name, plan.green.name, plan.found.stays, wait.log
    if moving.switch.at < 100:
        log.say(f"{green}: {moving.switch.at}% of users; go on with more, or --back")
        return
    if moving.switch.state is State.DONE:
        log.say(f"{green}: all users, and nothing to do")
        return
    log.stands(f"{green} has all users, and {blue} is not known to be silent", moving.advice)
    if keep_sticky and stays:
        log.say(f"{blue}: clients with a cookie of it stay, the last of them for up to {stays} s")
    else:
        wait_for_silence(_silence(plan, patience, aws, wait), hurt, wait)
    moving.stay()
    release_arrived(aws, plan.green.arn, log)
    moving.end(State.DONE)
    log.event("switched", green=green, blue=blue)
    log.say(f"{green}: all users; {blue} is left beside it without any")


def _silence(plan: Plan, patience: Patience, aws: Aws, wait: Wait) -> Silence:
    network, stays = plan.found.balancer.network, plan.found.stays
    counted = plan.blue.counted(plan.found.balancer.arn)

    def count(since: datetime, until: datetime) -> Mapping[datetime, int]:
        return requests_by_minute(aws, counted, since, until)

    since = plan.began - timedelta(seconds=APART)
    hosts = Connections(aws, SsmHosts(aws, f"{plan.blue.name}: counting connections"), wait)
    return Silence(
        plan.blue.name,
        since,
        # A Network Load Balancer counts connections for all of its target groups together.
        None if network else count,
        lambda: hosts.of_groups([plan.blue.arn]),
        stays,
        patience.within((NETWORK_STAYS if network else stays) + LATE),
        patience.unproved,
    )
