"""A switch by a name as it begins: who is blue, and by which way users are led away from there."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from tasks.aws.api import Aws
from tasks.aws.named_balancer import find_named
from tasks.aws.record_sets import Records, RecordSet, plain
from tasks.running.errors import Refused
from tasks.running.waiting import Wait
from tasks.switching.by_name.end import End, find_end, kind_of, leads
from tasks.switching.by_name.follow import balancer_behind
from tasks.switching.by_name.name import WEIGHTED, Name, word
from tasks.switching.by_name.replaced import replaced
from tasks.switching.by_name.replacement import Replacement
from tasks.switching.by_name.weighted import check_alike, id_of, members_at, weighted, weights_of
from tasks.switching.shares import words_of
from tasks.switching.way import Course

# The course, where blue is, and what has to be remembered of records whose weights do not tell it.
Begun = tuple[Course, End, str]


def begun(aws: Aws, name: Name, green: End, told: str | None, wait: Wait) -> Begun | None:
    """Return the course of a switch; None if green has all users, with nobody to lead there.

    Args:
        told: Who is blue, if that was said.

    Raises:
        Refused: There is no one blue, or green cannot be led to.
    """
    if name.policy == WEIGHTED:
        return _weighted(aws, name, green, told, wait)
    return _replaced(aws, name, green, told, wait)


def end_of(aws: Aws, name: Name, sets: Sequence[RecordSet]) -> End:
    """Return where record sets of a name lead."""
    values = tuple(dict.fromkeys(value for each in sets for value in leads(each)))
    balancer = find_named(aws, values[0]) if len(values) == 1 and "." in values[0] else None
    return in_zone(aws, name, End(balancer.name if balancer else ",".join(values), values, balancer))


def in_zone(aws: Aws, name: Name, end: End) -> End:
    """Return the same as an alias of the zone leads there, if that is how the name leads.

    Raises:
        Refused: The zone has nothing of that name, of a type that the name has.
    """
    own = name.records.zone.id
    aliases = [alias for each in name.sets if (alias := each.get("AliasTarget"))]
    if not any(each["HostedZoneId"] == own for each in aliases):
        return end
    if end.balancer or kind_of(end.values[0]) != "CNAME":
        return end
    [value, *more] = end.values
    there = {str(each["Type"]) for each in Records(aws, name.records.zone, plain(value)).read()}
    kinds = {str(each["Type"]) for each in name.sets}
    if more or not kinds <= there:
        missing = " and ".join(sorted(kinds - there))
        raise Refused(
            f"{name.title} leads to records of its own zone, which has no {missing} record of {value}"
        )
    return replace(end, zone=own, balancer=balancer_behind(aws, name.records, value))


def _weighted(aws: Aws, name: Name, green: End, told: str | None, wait: Wait) -> Begun | None:
    check_alike(name.sets)
    former = weights_of(name.sets)
    if not any(former.values()):
        raise Refused(
            f"{name.title} has all weights at 0: {words_of(former)}", "Give one of them a weight first"
        )
    there = members_at(name.sets, green)
    if len(there) > 1:
        raise Refused(f"{name.title} leads to {green.name} by several members: {', '.join(sorted(there))}")
    target = next(iter(there), word(green.name))
    blue = _one(name, {each for each, weight in former.items() if weight} - {target}, _ids(aws, name, told))
    if blue is None:
        return None
    for each in name.sets:
        check = each.get("HealthCheckId")
        if check and id_of(each) == target and name.records.fails(check):
            raise Refused(f"{target}: its health check fails, so Route 53 would lead nobody there")
    way = weighted(name.records, blue, target, green, wait)
    for each in name.sets:
        if target not in former and id_of(each) == blue:
            green.in_place_of(each)
    source = end_of(aws, name, [each for each in name.sets if id_of(each) == blue])
    return Course(way, former, blue, target), source, ""


def _replaced(aws: Aws, name: Name, green: End, told: str | None, wait: Wait) -> Begun | None:
    serving = {",".join(leads(each)) for each in name.sets if not set(leads(each)) <= {*green.values}}
    if name.policy == "failover" and any(set(leads(each)) & {*green.values} for each in name.sets):
        raise Refused(
            f"{green.name} is one of the two of {name.title} already, and a change of roles is no switch"
        )
    kinds = {str(each["Type"]) for each in name.sets}
    ends: dict[str, list[RecordSet]] = {}
    for each in name.sets:
        if not set(leads(each)) <= {*green.values}:
            ends.setdefault(",".join(leads(each)), []).append(each)
    meant = {",".join(sorted(find_end(aws, told).values))} if told else _first(name)
    if name.policy == "simple":
        if meant:
            _one(name, serving, meant)
        former = [each for those in ends.values() for each in those]
    else:
        former = ends.get(_one(name, serving, meant) or "", [])
    if not former:
        return None
    if len(kinds) > 1 and {str(each["Type"]) for each in former} != kinds:
        raise Refused(
            f"the records of {name.title} of types {' and '.join(sorted(kinds))} lead apart already"
        )
    source = end_of(aws, name, former)
    what = Replacement(former, [green.in_place_of(each) for each in former])
    way = replaced(name.records, source.name, green.name, what, wait)
    return Course(way, {source.name: 1, green.name: 0}, source.name, green.name), source, what.text


def _first(name: Name) -> set[str] | None:
    """Return who has users of a failover pair: the first, unless it fails."""
    for each in name.sets:
        if each.get("Failover") == "PRIMARY":
            check = each.get("HealthCheckId")
            return None if check and name.records.fails(check) else {",".join(leads(each))}
    return None


def _ids(aws: Aws, name: Name, told: str | None) -> set[str] | None:
    """Return the members that ``--from`` means: by their identifier, or by where they lead."""
    if told is None:
        return None
    if named := {id_of(each) for each in name.sets if each.get("SetIdentifier") == told}:
        return named
    return members_at(name.sets, find_end(aws, told))


def _one(name: Name, serving: Collection[str], told: Collection[str] | None) -> str | None:
    """Return the one that serves now; None if none does but green."""
    meant = set(serving) & set(told) if told is not None else set(serving)
    if told is not None and not meant:
        raise Refused(f"{name.title} does not lead to what --from says", f"It leads to {', '.join(serving)}")
    if len(meant) > 1:
        names = ", ".join(sorted(meant))
        raise Refused(f"{name.title} leads to several: {names}", "Say which: --from BLUE")
    return next(iter(meant), None)
