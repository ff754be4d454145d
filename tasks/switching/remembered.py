"""A switch that is remembered, held against what stands there now."""

from collections.abc import Mapping

from tasks.aws.forward import HEAVIEST, id_of
from tasks.aws.listener import Listeners, Rule
from tasks.running.errors import Refused
from tasks.switching.record import Switch
from tasks.switching.rules import Found, ways_of
from tasks.switching.shares import Weights, same, share_of, shared, words_of
from tasks.switching.way import Course


def courses_of(
    listeners: Listeners, found: Found, switch: Switch, arns: Mapping[str, str]
) -> tuple[Course, ...]:
    """Return the courses of a switch; none if any of its rules is not as it was left, or gone."""
    if differing(found, switch):
        return ()
    return tuple(
        Course(way, switch.ways[way.key], switch.blue, switch.green)
        for way in ways_of(listeners, found, switch.ways, arns)
    )


def check_undone(found: Found, switch: Switch) -> None:
    """See that nothing is left of a switch whose rules are not as it left them: then another may begin.

    Raises:
        Refused: Green has users still.
    """
    by_key = {rule.key: rule for rule in found.rules}
    for key in switch.ways.keys() & by_key.keys():
        now = found.stood(key)
        if _others(by_key[key], switch):
            continue
        if switch.blue in now and (share := share_of(now, switch.blue, switch.green)):
            raise Refused(
                f"{by_key[key].title} has {words_of(now)}, which is not what the switch to {switch.green} by "
                f"{switch.who} has left ({switch.at}%): someone else has changed it",
                f"See who did. A new switch begins where {switch.green} has no weight; it has {share:.0f}%",
            )


def differing(found: Found, switch: Switch) -> str:
    """Tell where a rule is not as a switch left it, with both in words; empty if all are."""
    by_key = {rule.key: rule for rule in found.rules}
    whose = f"the switch from {switch.blue} to {switch.green} by {switch.who}, begun {switch.since},"
    for key, former in switch.ways.items():
        left = words_of(_shared(former, switch, switch.at))
        if (rule := by_key.get(key)) is None:
            return f"{whose} has left {left} at {key}, which is not among the rules of {found.balancer.name}"
        if others := _others(rule, switch):
            return f"{rule.title} has {words_of(rule.named)}, where {whose} was about another {others}"
        if not _is_left(rule.named, switch, former):
            return f"{rule.title} has {words_of(rule.named)}, where {whose} has left {left}"
    return ""


def _others(rule: Rule, switch: Switch) -> str:
    """Name the groups of a rule that are called as those of a switch, and are not the same."""
    known = dict(zip((switch.blue, switch.green), switch.ids, strict=False))
    return " and ".join(name for name, arn in rule.arns.items() if known.get(name, id_of(arn)) != id_of(arn))


def _is_left(now: Weights, switch: Switch, former: Weights) -> bool:
    left = [_shared(former, switch, share) for share in switch.shares]
    if not all(switch.shares):
        left.append(former)
    return any(same(now, each) for each in left)


def _shared(former: Weights, switch: Switch, share: int) -> Weights:
    return shared(former, switch.blue, switch.green, share, HEAVIEST)
