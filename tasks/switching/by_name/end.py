"""Where a record may lead: to a load balancer, or to addresses or names as they are."""

import ipaddress
from dataclasses import dataclass

from tasks.aws.api import Aws
from tasks.aws.named_balancer import NamedBalancer, find_named
from tasks.aws.record_sets import RecordSet, own, plain
from tasks.aws.records import DUALSTACK
from tasks.running.errors import Refused

# Seconds that a resolver keeps what has lived as long as what it was an alias of.
USUAL_TTL = 60


@dataclass(frozen=True)
class End:
    """Blue or green.

    Args:
        values: Its addresses or its name; of a load balancer the name that AWS has given it.
        balancer: None if it is none that is known.
        zone: The id of the hosted zone that its name is in, where an alias of the same zone leads there.
    """

    name: str
    values: tuple[str, ...]
    balancer: NamedBalancer | None = None
    zone: str = ""

    def healthy(self) -> int:
        """Count the healthy ones; one where nobody tells of them."""
        return self.balancer.healthy() if self.balancer else 1

    def trouble(self) -> str:
        return ""

    def in_place_of(self, record: RecordSet) -> RecordSet:
        """Return a record set that leads here, and is as *record* in all else.

        Raises:
            Refused: There is nothing of that type here.
        """
        kind, told = str(record["Type"]), own(record)
        old = told.pop("AliasTarget", None)
        ttl = told.pop("TTL", USUAL_TTL)
        told.pop("ResourceRecords", None)
        if self.zone:
            named, health = f"{self.values[0]}.", _evaluates(old)
            alias = {"HostedZoneId": self.zone, "DNSName": named, "EvaluateTargetHealth": health}
            return {**told, "AliasTarget": alias}
        if self.balancer and kind != "CNAME":
            if kind == "AAAA" and not self.balancer.dual:
                raise Refused(
                    f"{record['Name'].rstrip('.')} has an AAAA record as well, and {self.name} has IPv4 only",
                    "Make it a dualstack load balancer, or remove the AAAA record first",
                )
            named = f"{DUALSTACK}{self.balancer.address}." if _is_dual(old) else f"{self.balancer.address}."
            target = {
                "HostedZoneId": self.balancer.zone,
                "DNSName": named,
                "EvaluateTargetHealth": _evaluates(old),
            }
            return {**told, "AliasTarget": target}
        values = [each for each in self.values if kind_of(each) == kind]
        if not values:
            raise Refused(
                f"{record['Name'].rstrip('.')} has a record of type {kind}, and {self.name} is none",
                "Give GREEN a value for every type that the name has, with commas between",
            )
        return {**told, "TTL": ttl, "ResourceRecords": [{"Value": each} for each in values]}


def find_end(aws: Aws, wanted: str) -> End:
    """Return what a person calls green: a load balancer by its name, or values of a record.

    Raises:
        Refused: It is neither.
    """
    if balancer := find_named(aws, wanted):
        return End(balancer.name, (balancer.address,), balancer)
    values = tuple(each.strip().rstrip(".").lower() for each in wanted.split(","))
    if any("." not in each and ":" not in each for each in values) or wanted.startswith("arn:"):
        raise Refused(
            f"no load balancer is called {wanted} in {aws.region}, and it is no value of a record either"
        )
    return End(",".join(values), values)


def leads(record: RecordSet) -> tuple[str, ...]:
    """Return where a record set leads, each without the dot at its end."""
    if alias := record.get("AliasTarget"):
        return (plain(alias["DNSName"]).rstrip(".").removeprefix(DUALSTACK),)
    return tuple(sorted(each["Value"].lower().rstrip(".") for each in record.get("ResourceRecords") or []))


def kind_of(value: str) -> str:
    """Return the type of a record with this value."""
    try:
        return "A" if ipaddress.ip_address(value).version == 4 else "AAAA"
    except ValueError:
        return "CNAME"


def _evaluates(alias: RecordSet | None) -> bool:
    return alias is not None and bool(alias["EvaluateTargetHealth"])


def _is_dual(alias: RecordSet | None) -> bool:
    return alias is not None and str(alias["DNSName"]).lower().startswith(DUALSTACK)
