"""What kinds of records there are, and which of them nobody is led by.

Source: Route 53 API reference, ResourceRecordSet; developer guide, Choosing a routing policy.
"""

from collections.abc import Sequence

from tasks.aws.record_sets import RecordSet
from tasks.running.errors import Refused
from tasks.switching.by_name.end import leads

# What a client is told beside addresses: where they are in it, they lead as well.
HINTS = ("HTTPS", "SVCB")

POLICIES = {
    "Weight": "weighted",
    "Region": "latency",
    "Failover": "failover",
    "GeoLocation": "geolocation",
    "GeoProximityLocation": "geoproximity",
    "CidrRoutingConfig": "IP-based",
    "MultiValueAnswer": "multivalue",
}


def policy_of(record: RecordSet) -> str:
    """Return in one word by what a record set is chosen."""
    return next((word for name, word in POLICIES.items() if record.get(name) is not None), "simple")


def addresses(records: Sequence[RecordSet]) -> list[RecordSet]:
    """Return those that lead clients, once it is seen that all of them are of a kind to be led by.

    Raises:
        Refused: One is not.
    """
    for record in records:
        _check(record)
    found = [each for each in records if each["Type"] not in HINTS]
    if not found:
        raise Refused(f"{_title(records[0])} has no A, AAAA or CNAME beside it, so nobody can be led by it")
    policies = {policy_of(each) for each in found}
    if len(policies) > 1:
        kinds = ", ".join(sorted(policies))
        raise Refused(f"the records of {_name(found[0])} are of several kinds: {kinds}")
    return found


def _check(record: RecordSet) -> None:
    title = _title(record)
    if record.get("TrafficPolicyInstanceId"):
        raise Refused(
            f"{title} belongs to a traffic policy, which would write over it", "Change the traffic policy"
        )
    if record.get("AZAffinity"):
        raise Refused(f"{title} is chosen by zones, which this cannot lead by")
    if record.get("MultiValueAnswer"):
        raise Refused(
            f"{title} is a multivalue record, whose clients choose one of several: it is no switch",
            "Make it a simple or weighted one, or a load balancer's alias, first",
        )
    harmful = record.get("AliasTarget") or not all(map(_harmless, leads(record)))
    if record["Type"] in HINTS and harmful:
        raise Refused(
            f"{title} leads clients to addresses or a name of its own beside the A record",
            "Remove it first: without it clients go by the A record",
        )


def _harmless(value: str) -> bool:
    """Whether a binding says where nothing is that the A record does not say: ``1 . alpn=h2``."""
    priority, _, rest = value.partition(" ")
    target, _, more = rest.partition(" ")
    return priority != "0" and target in (".", "") and "hint" not in more


def _name(record: RecordSet) -> str:
    return str(record["Name"]).rstrip(".")


def _title(record: RecordSet) -> str:
    identifier = record.get("SetIdentifier")
    return f"{_name(record)} {record['Type']}" + (f" ({identifier})" if identifier else "")
