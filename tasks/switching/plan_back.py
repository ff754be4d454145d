"""The plan of taking users back to where they were before a switch."""

from collections.abc import Sequence

from tasks.aws.api import Aws
from tasks.aws.forward import name_of
from tasks.aws.listener import Listeners
from tasks.aws.side import find_side
from tasks.running.clock import Clock
from tasks.running.errors import Refused
from tasks.switching.enough import Enough
from tasks.switching.plan import Place, Plan
from tasks.switching.record import Record, State, Switch, records
from tasks.switching.remembered import courses_of
from tasks.switching.rules import Found, find_rules
from tasks.switching.way import Course


def plan_back(aws: Aws, clock: Clock, place: Place, green: str | None, enough: int | None) -> Plan | None:
    """Look at the switch that is to be taken back; None if it has been already.

    Args:
        green: Where users were led, if that is not clear.
        enough: Healthy targets that all users take; None for as many as green has.

    Raises:
        Refused: None is remembered whose rules are as it left them, or several are.
    """
    listeners = Listeners(aws)
    found = find_rules(listeners, place.load_balancer, place.listener)
    fitting: list[tuple[Record, Switch, tuple[Course, ...]]] = []
    others: list[Switch] = []
    for record in records(aws, clock, found.balancer.name):
        switch = record.read()
        if switch is None or (green and switch.green != name_of(green)):
            continue
        given = switch.state is not State.BACK and any(switch.shares)
        if given and (courses := courses_of(listeners, found, switch, {})):
            fitting.append((record, switch, courses))
        else:
            others.append(switch)
    if not fitting:
        _check_gone(found, others)
        return None
    if len(fitting) > 1:
        names = ", ".join(record.name for record, _, _ in fitting)
        raise Refused(
            f"several switches are remembered for {found.balancer.name}: {names}",
            "Say which: GREEN --back, or one listener with --load-balancer NAME:PORT",
        )
    [(record, switch, courses)] = fitting
    found = found.only(switch.ways.keys(), {switch.green})
    away, back = find_side(aws, switch.green), find_side(aws, switch.blue)
    full = enough or away.healthy() or 1
    why = "as told" if enough else f"{away.name} has {full}"
    return Plan(found, back, away, courses, record, switch, False, (), Enough(back, full, why))


def _check_gone(found: Found, others: Sequence[Switch]) -> None:
    if not others:
        raise Refused(f"no switch is remembered for {found.balancer.name}")
    gone = [each for each in others if each.state is not State.BACK and any(each.shares)]
    if gone:
        names = " or ".join(sorted({each.green for each in gone}))
        raise Refused(
            f"the rules of {found.balancer.name} are not as the switch to {names} has left them, so nothing "
            "is taken back",
            "See who changed them; users are led elsewhere by: gocd-tasks switch-traffic GREEN --from BLUE",
        )
