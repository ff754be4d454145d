"""Records that are aliases of other records of their zone: whose answers they are.

Source: Route 53 API reference, AliasTarget (another record set of the same hosted zone and type) and
ResourceRecordSet, TTL (an alias has that of its target).
"""

from collections.abc import Sequence

from tasks.aws.api import Aws
from tasks.aws.named_balancer import NamedBalancer, find_named
from tasks.aws.record_sets import Records, RecordSet, plain
from tasks.running.errors import Refused
from tasks.switching.by_name.kinds import addresses, policy_of

# Aliases of aliases that are followed; Route 53 itself goes no further than three (developer guide, Tutorial:
# Managing more than 100 weighted records).
DEEPEST = 8

# Seconds for which an address of a load balancer's is kept (Elastic Load Balancing user guide, How Elastic
# Load Balancing works); an alias lives as long as what it leads to.
BALANCER_TTL = 60


def followed(records: Records) -> tuple[Records, list[RecordSet], list[str]]:
    """Return the records that lead the users of a name, the addresses among them, and the names on the way.

    Raises:
        Refused: Nobody can be led by them.
    """
    way: list[str] = []
    for _ in range(DEEPEST):
        if not (there := records.read()):
            raise Refused(f"{(way or [records.name.rstrip('.')])[-1]} leads to no records any more")
        sets = addresses(there)
        targets = {_own_target(each, records) if policy_of(each) == "simple" else "" for each in sets}
        if len(targets) > 1:
            raise Refused(f"the records of {records.name.rstrip('.')} are aliases of several things")
        [target] = targets
        if not target:
            return records, sets, way
        way.append(records.name.rstrip("."))
        records = Records(records.aws, records.zone, target)
    raise Refused(f"{way[0]} is an alias of an alias of more aliases than can be followed")


def lives(records: Records, sets: Sequence[RecordSet], depth: int = 0) -> int:
    """Return the seconds for which a resolver keeps what it was told by these."""
    told = [0]
    for each in sets:
        target = _own_target(each, records)
        if target and depth < DEEPEST:
            there = Records(records.aws, records.zone, target)
            members = [other for other in there.read() if other["Type"] == each["Type"]]
            told.append(lives(there, members, depth + 1))
        else:
            told.append(int(each.get("TTL", BALANCER_TTL)))
    return max(told)


def balancer_behind(aws: Aws, records: Records, name: str) -> NamedBalancer | None:
    """Return the load balancer that all of a name of the same zone leads to; None if there is no one."""
    targets = [plain(name)]
    for _ in range(DEEPEST):
        sets = [each for each in Records(aws, records.zone, targets[0]).read() if each.get("AliasTarget")]
        targets = list(dict.fromkeys(plain(each["AliasTarget"]["DNSName"]) for each in sets))
        if len(targets) != 1:
            return None
        if not all(_own_target(each, records) for each in sets):
            return find_named(aws, targets[0])
    return None


def _own_target(record: RecordSet, records: Records) -> str:
    """Return the name in the same zone that a record set is an alias of; empty if it is none."""
    alias = record.get("AliasTarget")
    return plain(alias["DNSName"]) if alias and alias["HostedZoneId"] == records.zone.id else ""
