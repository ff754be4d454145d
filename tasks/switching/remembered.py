"""A switch that is remembered, held against what stands there now."""

from collections.abc import Mapping

from tasks.aws.listener import Listeners
from tasks.running.errors import Refused
from tasks.switching.record import Switch
from tasks.switching.rules import Found, ways_of
from tasks.switching.shares import same, share_of, words_of
from tasks.switching.way import Course


def courses_of(
    listeners: Listeners, found: Found, switch: Switch, arns: Mapping[str, str]
) -> tuple[Course, ...]:
    """Return the courses of a switch; none if any of its rules is not as it was left, or gone."""
    by_key = {rule.key: rule for rule in found.rules}
    if not switch.ways.keys() <= by_key.keys():
        return ()
    courses = tuple(
        Course(way, switch.ways[way.key], switch.blue, switch.green)
        for way in ways_of(listeners, [by_key[key] for key in switch.ways], arns)
    )
    return courses if all(_is_as_left(found, switch, each) for each in courses) else ()


def check_undone(found: Found, switch: Switch) -> None:
    """See that nothing is left of a switch whose rules are not as it left them: then another may begin.

    Raises:
        Refused: Green has users still.
    """
    titles = {rule.key: rule.title for rule in found.rules}
    for key in switch.ways.keys() & titles.keys():
        now = found.stood(key)
        if switch.blue in now and (share := share_of(now, switch.blue, switch.green)):
            raise Refused(
                f"{titles[key]} has {words_of(now)}, which is not what the switch to {switch.green} by "
                f"{switch.who} has left ({switch.at}%): someone else has changed it",
                f"See who did. A new switch begins where {switch.green} has no weight; it has {share:.0f}%",
            )


def _is_as_left(found: Found, switch: Switch, course: Course) -> bool:
    left = [course.at(share) for share in switch.shares]
    if not all(switch.shares):
        left.append(course.former)
    return any(same(found.stood(course.way.key), each) for each in left)
