"""Users led by a name: shown, locked, made and seen to its end, or back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tasks.aws.api import Aws
from tasks.aws.minute_counts import requests_by_minute
from tasks.hosts.idleness import Idleness, SsmHosts
from tasks.locking.locks import Locking
from tasks.running.errors import Refused
from tasks.running.waiting import Wait
from tasks.switching.by_name.exchange import SPREAD
from tasks.switching.by_name.name import NamePlan
from tasks.switching.connections import Connections
from tasks.switching.evidence import AtShare
from tasks.switching.lead_back import NOTHING_TO_DO
from tasks.switching.moving import Moving
from tasks.switching.record import State
from tasks.switching.silence import APART, LATE, Patience, Silence, wait_for_silence
from tasks.switching.switch import Going, switch
from tasks.switching.travellers import Travellers
from tasks.switching.watch import Watch


@dataclass(frozen=True)
class Proof:
    """How each step is proved.

    Args:
        settle: Seconds that it is watched once resolvers have forgotten the old answer.
        after: Gives what is looked at, told the names of blue and green.
        patience: How long blue is waited for to be silent.
        port: The one that blue serves on, where no load balancer tells it.
    """

    settle: float
    travellers: Travellers
    after: Callable[[str, str], Sequence[AtShare]]
    patience: Patience
    port: int | None = None


def lead_by_name(
    plan: NamePlan,
    again: Callable[[], NamePlan | None],
    proof: Proof,
    locking: Locking,
    back: bool,
    aws: Aws,
    wait: Wait,
) -> None:
    """Lead users by the records of a name, forth or *back*.

    Args:
        again: Plans once more, where somebody else may have changed what was read.
    """
    log = wait.log
    with locking.held(plan.locks) as locks:
        if locks.contended:
            newer = again()
            if newer is None:
                log.say(NOTHING_TO_DO)
                return
            plan = newer
        moving = Moving([plan.course], plan.record, plan.switch, locks.check, wait)
        if back:
            _go_back(plan, moving, wait)
            return
        log.steps(plan.notes)
        if plan.steps:
            proof.travellers.begin()
            if plan.new:
                moving.begin()
            switch(moving, _going(plan, proof), wait)
        _arrive(plan, moving, proof, aws, wait)


def _going(plan: NamePlan, proof: Proof) -> Going:
    # Who was killed may not have seen its change known everywhere.
    late = plan.name.ttl + (0.0 if plan.new else SPREAD)
    after = [proof.travellers.after, *proof.after(plan.course.blue, plan.course.green)]
    during = [proof.travellers.during, plan.failing]
    watch = Watch(plan.enough, during, after, proof.settle + late)
    return Going(plan.blue, plan.green, plan.steps, watch, 0.0, proof.travellers.lost)


def _go_back(plan: NamePlan, moving: Moving, wait: Wait) -> None:
    if missing := plan.enough.missing(100):
        raise Refused(missing, "Bring them back first; --enough COUNT does with fewer")
    moving.to(0)
    ttl = plan.name.ttl
    wait.rest(ttl, f"{plan.name.title}: resolvers forget {plan.switch.green}")
    moving.end(State.BACK)
    beside = " is left" if plan.switch.sets else " stays beside it without any"
    wait.log.say(
        f"{plan.switch.blue}: all users again, but for those who keep an answer for longer than {ttl} s; "
        f"{plan.switch.green}{beside}"
    )
    wait.log.event("switched-back", blue=plan.switch.blue, green=plan.switch.green)


def _arrive(plan: NamePlan, moving: Moving, proof: Proof, aws: Aws, wait: Wait) -> None:
    """See blue silent, if green has all users by now."""
    blue, green, log = plan.switch.blue, plan.switch.green, wait.log
    if moving.switch.at < 100:
        log.say(f"{green}: {moving.switch.at}% of answers; go on with more, or --back")
        return
    if moving.switch.state is State.DONE:
        log.say(f"{green}: all users, and nothing to do")
        return
    log.stands(f"{green} has all users who ask, and {blue} is not known to be silent", moving.advice)
    wait_for_silence(_silence(plan, proof, aws, wait), proof.travellers.during, wait)
    moving.stay()
    moving.end(State.DONE)
    log.event("switched", green=green, blue=blue)
    log.say(f"{green}: all users; {blue} is left without any")
    for each in plan.name.others:
        log.say(
            f"{plan.name.title}: whoever asks the hosted zone {each.title} is led as before: switch that "
            f"with --zone {each.id}"
        )


def _silence(plan: NamePlan, proof: Proof, aws: Aws, wait: Wait) -> Silence:
    blue, since = plan.blue, plan.began - timedelta(seconds=APART)
    hosts = Connections(aws, SsmHosts(aws, f"{blue.name}: counting connections"), wait)
    within = proof.patience.within(LATE)
    if (balancer := blue.balancer) is None:

        def connected() -> Idleness:
            return hosts.of_addresses(blue.values, proof.port)

        return Silence(blue.name, since, None, connected, 0, within, proof.patience.unproved)
    behind, counted = balancer, balancer.counted()

    def count(since: datetime, until: datetime) -> Mapping[datetime, int]:
        return requests_by_minute(aws, counted, since, until)

    return Silence(
        blue.name,
        since,
        count,
        lambda: hosts.of_balancer(behind),
        0,
        within,
        proof.patience.unproved,
    )
