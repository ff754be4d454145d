"""Registering instances with a load balancer, and who is still out where that fails."""

from collections.abc import Sequence

from tasks.aws.errors import AwsError
from tasks.aws.load_balancer import LoadBalancer, Place, State
from tasks.balancing.batch import Batch
from tasks.balancing.next_command import next_command
from tasks.balancing.unanswered import NotFollowed, look_up
from tasks.running.waiting import Missing, Wait, around


def register(places: Sequence[Place], balancer: LoadBalancer, wait: Wait, *, at_once: bool = True) -> None:
    """Register them; if not *at_once*, after the rest of a drain that the load balancer insists on."""

    def look() -> Missing | None:
        roster = balancer.roster(*(place.instance for place in places))
        for place in places:
            member = roster.of(place.instance)
            if State.LEAVING in member.targets and not member.takes_back:
                name = place.instance.name
                return Missing(f"{name}: draining from {balancer.name}, which takes it back only then")
        return None

    if not at_once:
        settings = balancer.settings()
        wait.until_done(look, pace=around(settings.drain), within=settings.drained_within)
    balancer.register(places)


def register_and_tell(places: Sequence[Place], balancer: LoadBalancer, wait: Wait, *, at_once: bool) -> None:
    """Register them, and have a failure say who is out."""
    outside = Batch(tuple(place.instance for place in places))
    log, back = wait.log, f"To put it back: {next_command('attach-instance', outside, balancer)}"
    changed = log.standing.changed
    log.stands(f"{outside.names} may still be out of {balancer.name}", back)
    try:
        try:
            register(places, balancer, wait, at_once=at_once)
        except AwsError as error:
            if error.refusal:
                raise
            words = f"{outside.names}: registered with {balancer.name}"
            look_up(error, words, lambda: not _still_out(places, balancer), wait)
    except AwsError as error:
        if error.refusal or isinstance(error, NotFollowed):
            # An order that took several calls may have been followed by some.
            out = _still_out(places, balancer)
            if out:
                nothing = error.refusal and len(out) == len(outside)
                log.stands(_as_before(out, balancer), back, changed=changed or not nothing)
        raise


def _still_out(places: Sequence[Place], balancer: LoadBalancer) -> Batch:
    """Those of them that are not, or no longer, registered on all of their ports."""
    roster = balancer.roster(*(place.instance for place in places))

    def registered(place: Place) -> bool:
        member = roster.of(place.instance)
        there = member.of_ports(*(set(State) - {State.LEAVING}))
        return member.state not in (State.OUT, State.LEAVING) and set(place.ports) <= set(there)

    return Batch(tuple(place.instance for place in places if not registered(place)))


def _as_before(out: Batch, balancer: LoadBalancer) -> str:
    roster = balancer.roster(*out)
    if all(roster.of(each).state in (State.OUT, State.LEAVING) for each in out):
        nobody = "serves nobody" if len(out) == 1 else "serve nobody"
        return f"{out.with_verb('is', 'are')} still out of {balancer.name} and {nobody}"
    return f"{out.with_verb('is', 'are')} still in {balancer.name} on fewer ports than before"
