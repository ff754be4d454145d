"""What a name server answers: of record sets of one name, those that Route 53 would choose.

Sources: Route 53 developer guide, How Amazon Route 53 chooses records when health checking is configured, and
Choosing a routing policy; API reference, ResourceRecordSet (Weight, AliasTarget).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from gocd.rehearsal.standin_aws.services.elb.names import LIVES
from gocd.rehearsal.standin_aws.services.route53.record_sets import (
    RecordSet,
    matches,
    plain,
    policy_of,
    those_of,
    values,
)

# Answers of a multivalue record at most, and names that are followed.
MOST_ANSWERS, DEEPEST = 8, 8

# The SOA of a zone of AWS's own.
NOTHING = (60, "ns-1.example. hostmaster.example. 1 7200 900 1209600 60")


@dataclass(frozen=True)
class Answer:
    """One record of an answer."""

    name: str
    kind: str
    ttl: int
    value: str


@dataclass(frozen=True)
class Zone:
    """A zone as its name servers know it, and what its records lead to.

    Args:
        addresses: Gives the addresses of a load balancer of this name, of a kind; None if there is none.
        well: Whether the load balancer of this name is taken for healthy.
        failing: The ids of the health checks that fail.
        region: That of who asks.
    """

    apex: str
    records: Sequence[RecordSet]
    addresses: Callable[[str, str], list[str] | None]
    well: Callable[[str], bool]
    failing: Collection[str]
    region: str
    chance: random.Random

    def has(self, name: str) -> bool:
        """Whether there is anything of a name, or under it."""
        under = f".{plain(name)}"
        return any(matches(each, name) or each["Name"].endswith(under) for each in self.records)

    def answers(self, name: str, kind: str, depth: int = 0) -> list[Answer]:
        """Give the answers to one question; none if there are none of that kind."""
        if depth > DEEPEST:
            return []
        if (own := self.addresses(name, kind)) is not None:
            return [Answer(plain(name), kind, LIVES, each) for each in own]
        if found := self._of(name, kind):
            return self._told(name, kind, found, depth)
        if alias := self._of(name, "CNAME"):
            led = self._told(name, "CNAME", alias, depth)
            return [*led, *(found for each in led for found in self.answers(each.value, kind, depth + 1))]
        return []

    def _of(self, name: str, kind: str) -> list[RecordSet]:
        exact = list(those_of(self.records, name, kind))
        if exact or any(each["Name"] == plain(name) for each in self.records):
            return exact
        return [each for each in self.records if each["Type"] == kind and matches(each, name)]

    def _told(self, name: str, kind: str, members: Sequence[RecordSet], depth: int) -> list[Answer]:
        told = []
        for record in self._chosen(members, depth):
            if alias := record.get("AliasTarget"):
                target = self.answers(alias["DNSName"], kind, depth + 1)
                told += [Answer(plain(name), kind, each.ttl, each.value) for each in target]
            else:
                told += [Answer(plain(name), kind, record["TTL"], each) for each in values(record)]
        return told

    def _chosen(self, members: Sequence[RecordSet], depth: int) -> list[RecordSet]:
        healthy = [each for each in members if self._healthy(each, depth)]
        policy = policy_of(members[0])
        if policy == "Weight":
            return [self._weighed(members, healthy)]
        if policy == "MultiValueAnswer":
            known = healthy or list(members)
            return self.chance.sample(known, min(len(known), MOST_ANSWERS))
        if policy == "Failover":
            first = sorted(healthy or members, key=lambda each: str(each["Failover"]))
            return first[:1]
        if policy:
            near = sorted(healthy or members, key=lambda each: each.get("Region") != self.region)
            return near[:1]
        return list(members)

    def _weighed(self, members: Sequence[RecordSet], healthy: Sequence[RecordSet]) -> RecordSet:
        """Those of weight 0 only once all others are unwell; all if none is well; evenly if all are at 0."""
        known = healthy or members
        weights = [int(each["Weight"]) for each in known]
        if not any(weights):
            weights = [1] * len(known)
        return self.chance.choices(list(known), weights)[0]

    def _healthy(self, record: RecordSet, depth: int) -> bool:
        if record.get("HealthCheckId") in self.failing:
            return False
        alias: dict[str, Any] = record.get("AliasTarget") or {}
        if not alias.get("EvaluateTargetHealth") or depth > DEEPEST:
            return True
        target = alias["DNSName"]
        if self.addresses(target, "A") is not None:
            return self.well(target)
        return any(self._healthy(each, depth + 1) for each in self._of(target, record["Type"]))


def start_of(zone: Zone) -> tuple[int, str]:
    """Give the TTL and the value of a zone's SOA, which tells how long it is known that there is nothing."""
    for record in those_of(zone.records, zone.apex, "SOA"):
        return int(record["TTL"]), values(record)[0]
    return NOTHING
