"""Records without weights as a way: those that lead to blue are replaced by ones that lead to green.

A simple record is weighted for as long as both have users, and a simple one again at either end, as whatever
else writes it (a template, a controller) knows it. Its kind changes only by deleting the one and creating the
other (Route 53 API reference, ResourceRecordSet).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.aws.record_sets import Records, RecordSet
from tasks.running.errors import Refused
from tasks.running.waiting import Wait
from tasks.switching.by_name.end import leads
from tasks.switching.by_name.exchange import Exchanged
from tasks.switching.by_name.kinds import policy_of
from tasks.switching.by_name.replacement import Key, Replacement, key_of
from tasks.switching.shares import Weights

# The members of a record that is weighted for a while.
BLUE, GREEN = "blue", "green"


def check_shares(what: Replacement) -> None:
    """See that both can have users at once.

    Raises:
        Refused: They cannot.
    """
    for each in (*what.former, *what.led):
        name = each["Name"].rstrip(".")
        if (policy := policy_of(each)) != "simple":
            raise Refused(
                f"{name} is no weighted record ({policy}), so green can have no share of users",
                "Leave --steps out, or make it a weighted record first",
            )
        if len(each.get("ResourceRecords") or []) > 1:
            raise Refused(
                f"{name} {each['Type']} has several values, and a member of a weighted record has one, so "
                "green can have no share of users",
                "Leave --steps out, or make it a weighted record first, with a member for each value",
            )


def replaced(records: Records, blue: str, green: str, what: Replacement, wait: Wait) -> Exchanged:
    """Return the way of those record sets; *blue* and *green* are the names of where they lead."""
    former = {key_of(each): each for each in what.former}
    led = {key_of(each): each for each in what.led}

    def told(there: Sequence[RecordSet]) -> Weights:
        now = {key_of(each): leads(each) for each in there}
        if _lead_as(now, former):
            return {blue: 1, green: 0}
        if _lead_as(now, led):
            return {blue: 0, green: 1}
        if pair := _pair_of(there, former, led):
            return {blue: pair[0], green: pair[1]}
        return dict.fromkeys((",".join(now.get(key, ("nothing",))) for key in former), 1)

    def changes(there: Sequence[RecordSet], weights: Weights) -> tuple[list[RecordSet], list[RecordSet]]:
        both = weights[blue] and weights[green]
        parted = [each for each in there if key_of(each) in _pair_keys(former)]
        wanted = led if weights[green] else former
        away = [each for each in there if key_of(each) in wanted]
        ttls = {str(each["Type"]): int(each["TTL"]) for each in (*away, *parted) if "TTL" in each}
        made: list[RecordSet] = []
        for key, record in wanted.items():
            if both:
                made.append(_member(former[key], BLUE, weights[blue], ttls))
                made.append(_member(led[key], GREEN, weights[green], ttls))
            elif parted or any(key_of(each) == key for each in away):
                made.append(_kept(record, ttls))
        return [*away, *parted], made

    return Exchanged(records, told, changes, wait)


def _lead_as(now: Mapping[Key, tuple[str, ...]], wanted: Mapping[Key, RecordSet]) -> bool:
    return all(now.get(key) == leads(record) for key, record in wanted.items())


def _pair_keys(former: Mapping[Key, RecordSet]) -> set[Key]:
    """Return what the members are known by while simple records are weighted; none for others."""
    return {(kind, name) for kind, identifier in former if not identifier for name in (BLUE, GREEN)}


def _pair_of(
    there: Sequence[RecordSet], former: Mapping[Key, RecordSet], led: Mapping[Key, RecordSet]
) -> tuple[int, int] | None:
    """Return the two weights of what is weighted for a while; None if that is not what is there."""
    known = {key_of(each): each for each in there}
    kinds = {kind for kind, _ in former}
    members = {key: each for key, each in known.items() if key[0] in kinds}
    if members.keys() != _pair_keys(former):
        return None
    wanted = {(kind, BLUE): leads(former[kind, ""]) for kind in kinds} | {
        (kind, GREEN): leads(led[kind, ""]) for kind in kinds
    }
    weights = {tuple(int(members[kind, name].get("Weight", -1)) for name in (BLUE, GREEN)) for kind in kinds}
    if len(weights) > 1 or any(leads(each) != wanted[key] for key, each in members.items()):
        return None
    blue, green = next(iter(weights))
    return (blue, green) if min(blue, green) >= 0 else None


def _member(record: RecordSet, name: str, weight: int, ttls: Mapping[str, int]) -> dict[str, Any]:
    made = {**_kept(record, ttls), "SetIdentifier": name, "Weight": weight}
    if name == GREEN:
        # Blue's check is about blue.
        made.pop("HealthCheckId", None)
    return made


def _kept(wanted: RecordSet, ttls: Mapping[str, int]) -> dict[str, Any]:
    """Have a record set lead elsewhere, and leave the TTL that it has."""
    ttl = ttls.get(str(wanted["Type"]))
    return {**wanted, "TTL": ttl} if ttl is not None and "TTL" in wanted else {**wanted}
