"""A weighted set as a way: each member has a weight, and each type of the name the same ones."""

from collections.abc import Sequence
from urllib.parse import quote

from tasks.aws.record_sets import Records, RecordSet, own
from tasks.running.errors import Refused
from tasks.running.waiting import Wait
from tasks.switching.by_name.end import End, leads
from tasks.switching.by_name.exchange import Exchanged
from tasks.switching.by_name.kinds import HINTS
from tasks.switching.shares import Weights


def id_of(record: RecordSet) -> str:
    """Return the identifier of a member as one word."""
    return quote(str(record.get("SetIdentifier", "")), safe="!#$&'()*+,/:;?@[]<>^`|~")


def weights_of(records: Sequence[RecordSet]) -> dict[str, int]:
    """Return the weights by identifier; where types of the name differ, of each type by itself."""
    by_kind = _by_kind(records)
    told = [{id_of(each): int(each.get("Weight", 0)) for each in members} for members in by_kind.values()]
    if all(each == told[0] for each in told):
        return told[0] if told else {}
    kinds = zip(by_kind, told, strict=True)
    return {f"{name}/{kind}": weight for kind, members in kinds for name, weight in members.items()}


def members_at(records: Sequence[RecordSet], end: End) -> set[str]:
    """Return the identifiers of those that lead there."""
    return {id_of(each) for each in records if set(leads(each)) & {*end.values}}


def check_alike(records: Sequence[RecordSet]) -> None:
    """See that all types of a name have the same members with the same weights.

    Raises:
        Refused: They have not.
    """
    if len({*map(id_of, records)}) < len(weights_of(records)):
        kinds = " and ".join(_by_kind(records))
        raise Refused(
            f"the records of types {kinds} have other weights each", "Give them the same members and weights"
        )


def weighted(records: Records, blue: str, green: str, end: End | None, wait: Wait) -> Exchanged:
    """Return the way of a weighted set.

    Args:
        blue: The identifier whose member green's is made after, if there is none yet.
        end: Where green's is to lead.
    """

    def changes(there: Sequence[RecordSet], weights: Weights) -> tuple[list[RecordSet], list[RecordSet]]:
        away: list[RecordSet] = []
        wanted: list[RecordSet] = []
        for members in _by_kind(there).values():
            known = {id_of(each): each for each in members}
            for name, record in known.items():
                if name not in weights and name == green:
                    away.append(record)
                elif name in weights and int(record["Weight"]) != weights[name]:
                    away.append(record)
                    wanted.append({**own(record), "Weight": weights[name]})
            if green in weights and green not in known and blue in known and end:
                made = {**end.in_place_of(known[blue]), "SetIdentifier": green, "Weight": weights[green]}
                # Blue's check is about blue.
                made.pop("HealthCheckId", None)
                wanted.append(made)
        return away, wanted

    return Exchanged(records, weights_of, changes, wait)


def _by_kind(records: Sequence[RecordSet]) -> dict[str, list[RecordSet]]:
    found: dict[str, list[RecordSet]] = {}
    for each in records:
        if each["Type"] not in HINTS:
            found.setdefault(str(each["Type"]), []).append(each)
    return found
