"""The plan of a switch to green, or of the rest of one that began before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tasks.aws.api import Aws
from tasks.aws.forward import id_of, name_of
from tasks.aws.listener import Listeners
from tasks.aws.side import Side, find_side
from tasks.locking.owner import Owner
from tasks.running.clock import Clock
from tasks.running.errors import Refused
from tasks.switching.enough import Enough
from tasks.switching.led_aside import led_aside
from tasks.switching.plan import Place, Plan
from tasks.switching.record import Record, State, Switch
from tasks.switching.remembered import check_undone, courses_of
from tasks.switching.rules import Found, check_rules, check_weights, find_blue, find_rules, ways_of
from tasks.switching.sizes import sizes_behind
from tasks.switching.turns import last_of, next_turn, remembered
from tasks.switching.way import Course


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Args:
        blue: Who serves now; None to find out.
        steps: The percentages that green shall have, one after the other.
        enough: Healthy targets that all users take; None for as many as blue has.
    """

    place: Place
    green: str
    blue: str | None
    steps: Sequence[int]
    enough: int | None


def plan_forth(aws: Aws, clock: Clock, wanted: Wanted) -> Plan | None:
    """Look at all that a switch is about; None if green has all users already, with nobody to lead there.

    Raises:
        Refused: It cannot be made, or someone else has changed what an earlier one has written.
    """
    listeners = Listeners(aws)
    found = find_rules(listeners, wanted.place.load_balancer, wanted.place.listener)
    green = find_side(aws, wanted.green)
    name = f"{green.name}.{found.port}" if found.port else green.name
    record = Record(aws, clock, found.balancer.name, name)
    known = record.read()
    turns = remembered(aws, clock, found.balancer.name)
    if known and known.state is not State.BACK:
        if courses := courses_of(listeners, found, known, {green.name: green.arn}):
            _check_same(known, wanted.blue)
            found = found.only(known.ways.keys(), {known.blue})
            if known not in [switch for _, switch in last_of(turns)]:
                known = replace(known, turn=next_turn(turns))
            return _planned(aws, listeners, found, courses, green, record, known, wanted)
        check_undone(found, known)
    blue = find_blue(found, green.name, wanted.blue)
    if blue is None:
        if any(green.name in rule.reached for rule in found.rules):
            return None
        check_weights(found, {name for rule in found.rules for name in rule.named})
        raise Refused(f"no rule of {found.balancer.name} leads to any target group")
    check_weights(found, {blue, green.name})
    found = found.leading_to({blue})
    if not found.rules:
        raise Refused(f"no rule of {found.balancer.name} gives {blue} any users")
    ways = ways_of(listeners, found, [rule.key for rule in found.rules], {green.name: green.arn})
    arn = next(rule.arns[blue] for rule in found.rules)
    switch = Switch(
        blue=blue,
        green=green.name,
        ways={way.key: found.stood(way.key) for way in ways},
        who=Owner.here().words,
        since=clock.wall().isoformat(timespec="seconds"),
        turn=next_turn(turns),
        ids=(id_of(arn), id_of(green.arn)),
        sizes=sizes_behind(aws, arn),
    )
    courses = tuple(Course(way, switch.ways[way.key], blue, green.name) for way in ways)
    return _planned(aws, listeners, found, courses, green, record, switch, wanted, new=True)


def _planned(
    aws: Aws,
    listeners: Listeners,
    found: Found,
    courses: tuple[Course, ...],
    green: Side,
    record: Record,
    switch: Switch,
    wanted: Wanted,
    *,
    new: bool = False,
) -> Plan:
    blue = find_side(aws, switch.blue)
    check_rules(found, blue, green)
    full = wanted.enough or blue.healthy() or 1
    enough = Enough(green, full, "as told" if wanted.enough else f"{blue.name} has {full}")
    reached = switch.to
    # What was reached last may not have been proved.
    left = tuple(
        share
        for share in wanted.steps
        if share > reached or (share == reached and switch.state is not State.DONE)
    )
    _check_strength(found, green, enough, left)
    stacks = tuple(listeners.stacks(found.rules))
    aside: tuple[str, ...] = ()
    balancer = found.balancer
    if balancer.arn not in green.balancers:
        words = f"until {green.name} is healthy there, and whenever it or {blue.name} is not,"
        aside = tuple(led_aside(aws, balancer.name, balancer.address, words))
    return Plan(found, blue, green, courses, record, switch, new, left, enough, stacks, aside)


def _check_strength(found: Found, green: Side, enough: Enough, steps: Sequence[int]) -> None:
    """See that green has targets for its last share, and healthy ones where that is known yet."""
    if not steps:
        return
    registered, needed = green.registered(), enough.needed(steps[-1])
    if not registered:
        raise Refused(f"{green.name} has no targets")
    if found.balancer.arn in green.balancers and not green.healthy():
        why = f" ({trouble})" if (trouble := green.trouble()) else ""
        raise Refused(
            f"{green.name} has no healthy target{why}", "Where it has users, --back leads them away"
        )
    if registered < needed:
        raise Refused(
            f"{green.name} has {registered} targets, and {steps[-1]}% of users take {needed} ({enough.why})",
            "Give it more, or say how many are enough for all users: --enough COUNT",
        )


def _check_same(known: Switch, blue: str | None) -> None:
    if blue and name_of(blue) != known.blue:
        raise Refused(f"a switch from {known.blue} to {known.green} is under way, and not one from {blue}")
