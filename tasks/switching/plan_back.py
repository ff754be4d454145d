"""The plan of taking users back to where they were before a switch."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.forward import name_of
from tasks.aws.listener import Listeners
from tasks.aws.side import find_side
from tasks.running.clock import Clock
from tasks.running.errors import Refused
from tasks.switching.enough import Enough
from tasks.switching.plan import Place, Plan
from tasks.switching.record import Record, State, Switch
from tasks.switching.remembered import courses_of, differing
from tasks.switching.rules import Found, find_rules
from tasks.switching.shares import words_of
from tasks.switching.turns import Remembered, last_of, remembered
from tasks.switching.way import Course


@dataclass(frozen=True)
class Over:
    """A switch that is under way by its record, and whose green nobody is led to: that is written down.

    Args:
        courses: Those by which green is beside blue still.
        words: What stands there.
    """

    found: Found
    courses: tuple[Course, ...]
    record: Record
    switch: Switch
    words: str

    @property
    def locks(self) -> list[str]:
        return sorted({rule.lock for rule in self.found.rules})

    @property
    def lines(self) -> Sequence[str]:
        """What is so, and what would be done."""
        switch = self.switch
        return [self.words, f"{switch.green}: nobody is led to it, so the switch from {switch.blue} is over"]


def plan_back(
    aws: Aws, clock: Clock, place: Place, green: str | None, enough: int | None
) -> Plan | Over | None:
    """Look at the switch that is to be taken back; None if it has been already.

    One that another has come after is nobody's way back, unless green is named.

    Args:
        green: Where users were led, if that is not clear.
        enough: Healthy targets that all users take; None for as many as green has.

    Raises:
        Refused: None is remembered whose rules are as it left them, or several are.
    """
    listeners = Listeners(aws)
    found = find_rules(listeners, place.load_balancer, place.listener)
    known = remembered(aws, clock, found.balancer.name)
    meant = [each for each in known if each[1].green == name_of(green)] if green else last_of(known)
    if found.port:
        here = {rule.key for rule in found.rules}
        meant = [each for each in meant if here & each[1].ways.keys()]
    if not meant:
        raise Refused(f"no switch is remembered for {found.balancer.name}")
    fitting = [each for each in meant if not differing(found, each[1])]
    away = [each for each in fitting if each[1].state is not State.BACK]
    if len(away) > 1:
        names = ", ".join(record.name for record, _ in away)
        raise Refused(
            f"several switches are remembered for {found.balancer.name}: {names}",
            "Say which: GREEN --back, or one listener with --load-balancer NAME:PORT",
        )
    if away:
        return _planned(aws, listeners, found, away[0], enough)
    unlike = [each for each in meant if each not in fitting]
    return _over(found, unlike) if unlike else None


def _planned(
    aws: Aws, listeners: Listeners, found: Found, which: Remembered, enough: int | None
) -> Plan | Over:
    record, switch = which
    record.again(switch)
    courses = courses_of(listeners, found, switch, {})
    if not any(switch.shares):
        # Nobody was led away yet, or all were led back and only that was not written down.
        return _ended(found, record, switch, courses)
    found = found.only(switch.ways.keys(), {switch.green})
    away, back = find_side(aws, switch.green), find_side(aws, switch.blue)
    full = enough or away.healthy() or 1
    why = "as told" if enough else f"{away.name} has {full}"
    return Plan(found, back, away, courses, record, switch, False, (), Enough(back, full, why))


def _over(found: Found, meant: Sequence[Remembered]) -> Over:
    """Return the one that somebody else has ended.

    Raises:
        Refused: Users are elsewhere than it has left them.
    """
    reached = {name for rule in found.rules for name in rule.reached}
    for record, switch in meant:
        if switch.state is State.UNDER_WAY and switch.green not in reached:
            record.again(switch)
            return _ended(found, record, switch)
    what = "; ".join(differing(found, switch) for _, switch in meant)
    raise Refused(
        f"{what}: nothing is taken back",
        "See who changed it. To lead users elsewhere: gocd-tasks switch-traffic GREEN --load-balancer "
        f"{found.balancer.name}{' --from BLUE' if len(reached) > 1 else ''}",
    )


def _ended(found: Found, record: Record, switch: Switch, courses: tuple[Course, ...] = ()) -> Over:
    there = differing(found, switch)
    stands = [f"{rule.title} has {words_of(rule.named)}" for rule in found.rules if rule.key in switch.ways]
    return Over(found, courses, record, switch, there or "; ".join(stands))
