"""The plan of a switch by a name, of the rest of one that began before, or of the way back."""

from collections.abc import Sequence
from dataclasses import replace

from tasks.aws.api import Aws
from tasks.locking.owner import Owner
from tasks.running.errors import Refused
from tasks.running.waiting import Wait
from tasks.switching.by_name.begun import begun, end_of, in_zone
from tasks.switching.by_name.changeable import check_changeable
from tasks.switching.by_name.end import End, find_end, leads
from tasks.switching.by_name.name import Name, NamePlan, word
from tasks.switching.by_name.replaced import check_shares, replaced
from tasks.switching.by_name.replacement import Replacement
from tasks.switching.by_name.weighted import id_of, weighted
from tasks.switching.enough import Enough
from tasks.switching.record import MOST, Record, State, Switch
from tasks.switching.shares import same, share_of, words_of
from tasks.switching.turns import last_of, next_turn, remembered
from tasks.switching.way import Course


def plan_forth(
    aws: Aws, wait: Wait, name: Name, wanted: str, blue: str | None, steps: Sequence[int], enough: int | None
) -> NamePlan | None:
    """Look at all that a switch is about; None if green has all users already, with nobody to lead there.

    Raises:
        Refused: It cannot be made, or someone else has changed what an earlier one has written.
    """
    green = in_zone(aws, name, find_end(aws, wanted))
    record = Record(aws, wait.clock, name.place, word(green.name))
    known = record.read()
    turns = remembered(aws, wait.clock, name.place)
    if known and known.state is not State.BACK:
        course, source = _again(aws, name, known, green, wait)
        if _as_left(course, known):
            if known not in [switch for _, switch in last_of(turns)]:
                known = replace(known, turn=next_turn(turns))
            return _planned(name, source, green, course, record, known, steps, enough, new=False)
        now = course.way.stands()
        if share_of(now, known.blue, known.green):
            raise Refused(
                f"{name.title} has {words_of(now)}, which is not what the switch to {known.green} by "
                f"{known.who} has left ({known.at}%): someone else has changed it",
                "See who did, and lead users back to blue by hand, or to the end",
            )
    found = begun(aws, name, green, blue, wait)
    if found is None:
        return None
    course, source, sets = found
    switch = Switch(
        blue=course.blue,
        green=course.green,
        ways={course.way.key: course.former},
        who=Owner.here().words,
        since=wait.clock.wall().isoformat(timespec="seconds"),
        turn=next_turn(turns),
        sets=sets,
    )
    if len(sets) > MOST - 1000:
        raise Refused(f"the records of {name.title} are more than one parameter remembers")
    return _planned(name, source, green, course, record, switch, steps, enough, new=True)


def plan_back(aws: Aws, wait: Wait, name: Name, green: str | None, enough: int | None) -> NamePlan | None:
    """Look at the switch that is to be taken back; None if it has been already.

    Raises:
        Refused: None is remembered whose records are as it left them, or several are.
    """
    fitting: list[NamePlan] = []
    gone = back = False
    known = remembered(aws, wait.clock, name.place)
    for record, switch in known if green else last_of(known):
        if green and word(green) != record.name:
            continue
        if switch.state is State.BACK:
            back = True
            continue
        away = End(switch.green, tuple(switch.green.split(",")))
        course, source = _again(aws, name, switch, away, wait)
        if not _as_left(course, switch):
            gone = True
            continue
        full = Enough(source, enough or 1, "as told" if enough else "one at least")
        fitting.append(NamePlan(name, source, away, course, record, switch, False, (), full))
    if len(fitting) > 1:
        names = ", ".join(each.switch.green for each in fitting)
        raise Refused(f"several switches are remembered for {name.title}: {names}", "Say which: GREEN --back")
    if not fitting and gone:
        raise Refused(
            f"{name.title} does not lead as the switch has left it, so nothing is taken back",
            "See who changed it",
        )
    if not fitting and not back:
        raise Refused(f"no switch is remembered for {name.title}")
    if not fitting:
        return None
    [plan] = fitting
    plan.record.again(plan.switch)
    _check_changeable(name, plan.blue, plan.green, plan.course)
    return plan


def _planned(
    name: Name,
    blue: End,
    green: End,
    course: Course,
    record: Record,
    switch: Switch,
    steps: Sequence[int],
    told: int | None,
    *,
    new: bool,
) -> NamePlan:
    unproved = switch.state is not State.DONE
    left = tuple(each for each in steps if each > switch.to or (each == switch.to and unproved))
    if switch.sets and any(each < 100 for each in left):
        check_shares(Replacement.read(switch.sets, name.records.name))
    full = told or (max(1, blue.healthy()) if blue.balancer and green.balancer else 1)
    enough = Enough(green, full, "as told" if told else f"{blue.name} has {full}")
    if left and (missing := enough.missing(left[-1])):
        if green.balancer and (unwell := green.balancer.unwell()):
            missing = f"{missing}: nobody is healthy in {', '.join(unwell)}"
        raise Refused(missing, "Give it more, or say how many are enough for all users: --enough COUNT")
    if left:
        _check_changeable(name, blue, green, course)
    return NamePlan(name, blue, green, course, record, switch, new, left, enough)


def _check_changeable(name: Name, blue: End, green: End, course: Course) -> None:
    ids, values = {course.blue, course.green}, {*blue.values, *green.values}
    check_changeable(
        name.records, [each for each in name.sets if id_of(each) in ids or set(leads(each)) & values]
    )


def _again(aws: Aws, name: Name, switch: Switch, green: End, wait: Wait) -> tuple[Course, End]:
    """Return the course of a switch that is remembered, and where blue is."""
    if switch.sets:
        what = Replacement.read(switch.sets, name.records.name)
        way = replaced(name.records, switch.blue, switch.green, what, wait)
        source = end_of(aws, name, what.former)
    else:
        way = weighted(name.records, switch.blue, switch.green, green, wait)
        source = end_of(aws, name, [each for each in name.sets if id_of(each) == switch.blue])
    if (former := switch.ways.get(way.key)) is None or len(switch.ways) > 1:
        raise Refused(
            f"what is remembered of the switch to {switch.green} is about something else than {name.title}"
        )
    return Course(way, former, switch.blue, switch.green), source


def _as_left(course: Course, switch: Switch) -> bool:
    left = [course.at(share) for share in switch.shares]
    if not all(switch.shares):
        left.append(course.former)
    now = course.way.stands()
    return any(same(now, each) for each in left)
