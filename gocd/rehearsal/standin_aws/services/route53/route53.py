"""Route 53 where AWS and moto differ: batches are whole, and name servers know of them some time later.

Source: Route 53 API reference, ChangeResourceRecordSets, GetChange (PENDING until all name servers know),
ListResourceRecordSets (it shows what is still PENDING; its order and its pages), GetHealthCheckStatus.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.route53.exceptions import HostedZoneNotEmpty, InvalidInput, Route53ClientError
from moto.route53.models import Route53Backend, route53_backends
from moto.route53.responses import Route53 as Responses

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.names.answering import Zone
from gocd.rehearsal.standin_aws.services.elb.names import Names
from gocd.rehearsal.standin_aws.services.route53.batch import InvalidBatch, Records, Surroundings, applied
from gocd.rehearsal.standin_aws.services.route53.protections import Protections
from gocd.rehearsal.standin_aws.services.route53.record_sets import kept, key_of, order_of, plain
from gocd.rehearsal.standin_aws.settings import Settings

# Seconds until all name servers know of a change ("usually within 60 seconds").
KNOWN_AFTER = 30.0

MOST_ITEMS = 300


@dataclass(frozen=True)
class Change:
    """A change of one zone, and when its name servers answer by it, in the stand-in's time."""

    id: str
    zone: str
    records: Records
    known: float
    submitted: Any
    comment: str
    count: int


class Route53:
    """The hosted zones of the account.

    Attributes:
        failing: The ids of the health checks that fail.
        stuck: Whether name servers do not get to know of what is changed.
        history: Whether zones keep who has changed them.
    """

    def __init__(self, settings: Settings, names: Names) -> None:
        self._settings = settings
        self.names = names
        self._delete_zone = Route53Backend.delete_hosted_zone
        self.failing: set[str] = set()
        self.chance = random.Random(0)  # noqa: S311 - shares that a test can repeat
        self._changes: list[Change] = []
        self._protections = Protections()
        self.stuck = self.history = False

    def corrections(self) -> Iterator[Correction]:
        yield Correction(Responses, "change_resource_record_sets", self.change_resource_record_sets)
        yield Correction(Responses, "list_resource_record_sets", self.list_resource_record_sets)
        yield Correction(Responses, "get_change", self.get_change)
        yield Correction(Responses, "get_health_check_status", self.get_health_check_status)
        yield Correction(Route53Backend, "delete_hosted_zone", self.delete_hosted_zone)
        yield Correction(
            Responses, "list_hosted_zone_change_batches", self.list_hosted_zone_change_batches, added=True
        )
        yield from self._protections.corrections()

    def advance(self) -> None:
        """Nothing: what name servers know is a matter of the time at which they are asked."""

    def forget(self) -> None:
        self._changes.clear()
        self.failing.clear()
        self.chance.seed(0)
        self._protections.forget()
        self.stuck = self.history = False

    def change_resource_record_sets(self, response: Any) -> ActionResult:
        """ChangeResourceRecordSets: all of a batch or nothing of it."""
        zone = _backend().get_hosted_zone(response._get_param("HostedZoneId"))
        changes = response._get_param("ChangeBatch.Changes") or []
        if len(str(response._get_param("ChangeBatch.Comment") or "")) > 256:
            raise InvalidInput("A comment has 256 characters at most")
        around = Surroundings(
            plain(zone.name), zone.resource_id, _backend().health_checks, self.names.lies_within
        )
        try:
            if protected := [*self._protections.refusals(zone.resource_id, changes)]:
                raise InvalidBatch(*protected)
            records = applied(self._newest(zone), changes, around)
        except InvalidBatch as wrong:
            told = ", ".join(map(str, wrong.args))
            if told.startswith("NoSuchHealthCheck"):
                raise Route53ClientError("NoSuchHealthCheck", told) from None
            raise Route53ClientError("InvalidChangeBatch", f"[{told}]") from None
        known = self._settings.clock() + KNOWN_AFTER / self._settings.propagation_speed
        comment = str(response._get_param("ChangeBatch.Comment") or "")
        known = float("inf") if self.stuck else known
        identifier = f"C{uuid4().hex[:13].upper()}"
        change = Change(identifier, zone.resource_id, records, known, utcnow(), comment, len(changes))
        self._changes.append(change)
        return ActionResult({"ChangeInfo": self._told(change)})

    def list_resource_record_sets(self, response: Any) -> ActionResult:
        """ListResourceRecordSets: by the labels of names from their end; from any of them on."""
        zone = _backend().get_hosted_zone(response._get_param("HostedZoneId"))
        name, kind = response._get_param("StartRecordName"), response._get_param("StartRecordType")
        identifier = response._get_param("StartRecordIdentifier")
        if (kind and not name) or (identifier and not kind):
            raise InvalidInput("The input is not valid")
        most = min(response._get_int_param("MaxItems", MOST_ITEMS), MOST_ITEMS)
        records = self._newest(zone)
        keys = sorted(records, key=order_of)
        if name:
            start = order_of((plain(name), kind or "", identifier or ""))
            keys = list(dropwhile(lambda key: order_of(key) < start, keys))
        told: dict[str, Any] = {
            "ResourceRecordSets": [records[key] for key in keys[:most]],
            "IsTruncated": len(keys) > most,
            "MaxItems": most,
        }
        if keys[most:]:
            told["NextRecordName"], told["NextRecordType"], following = keys[most]
            told["NextRecordIdentifier"] = following or None
        return ActionResult(told)

    def get_change(self, response: Any) -> ActionResult:
        """GetChange: PENDING until all name servers know of it."""
        wanted = str(response._get_param("Id")).rpartition("/")[2]
        for change in self._changes:
            if change.id == wanted:
                return ActionResult({"ChangeInfo": self._told(change)})
        raise Route53ClientError("NoSuchChange", f"A change with id {wanted} does not exist")

    def list_hosted_zone_change_batches(self, response: Any) -> ActionResult:
        """ListHostedZoneChangeBatches: newest first, where a zone keeps them."""
        zone = _backend().get_hosted_zone(response._get_param("HostedZoneId"))
        if not self.history:
            raise Route53ClientError("FeatureNotEnabled", "Change History isn't enabled for the hosted zone")
        told = [
            {
                "ChangeId": each.id,
                "Operation": "ChangeResourceRecordSets",
                "SubmittedAt": each.submitted,
                "SubmittedBy": wire.USER,
                "Comment": each.comment or None,
                "ChangeCount": each.count,
            }
            for each in reversed(self._changes)
            if each.zone == zone.resource_id
        ]
        return ActionResult({"ChangeBatchSummaries": told[: response._get_int_param("MaxResults", 100)]})

    def get_health_check_status(self, response: Any) -> ActionResult:
        """GetHealthCheckStatus: what each of the places that check it has seen last."""
        wanted = response._get_param("HealthCheckId")
        if _backend().get_health_check(wanted).type_ == "CALCULATED":
            raise InvalidInput("The status of a calculated health check cannot be told")
        bad = "Failure: HTTP Status Code 503, Service Unavailable. Resolved IP: 192.0.2.1"
        said = bad if wanted in self.failing else "Success: HTTP Status Code 200, OK"
        seen = [
            {
                "Region": region,
                "IPAddress": address,
                "StatusReport": {"Status": said, "CheckedTime": utcnow()},
            }
            for region, address in (("eu-west-1", "192.0.2.17"), ("us-east-1", "192.0.2.81"))
        ]
        return ActionResult({"HealthCheckObservations": seen})

    def delete_hosted_zone(self, backend: Any, id_: str) -> Any:
        """DeleteHostedZone: one with nothing but its own two record sets, and nothing protected."""
        if any(kind not in ("NS", "SOA") for _, kind, _ in self._newest(backend.get_hosted_zone(id_))):
            raise HostedZoneNotEmpty
        if self._protections.any_of(id_.rpartition("/")[2]):
            raise HostedZoneNotEmpty
        return self._delete_zone(backend, id_)

    def put_by_policy(self, zone: str, record: Mapping[str, Any]) -> None:
        """Have a traffic policy make a record set, which is told with the policy's id and its own values."""
        told = kept({**record, "TrafficPolicyInstanceId": str(uuid4())})
        there = self._newest(_backend().get_hosted_zone(zone))
        records = {**there, key_of(told): told}
        identifier, now = f"C{uuid4().hex[:13].upper()}", self._settings.clock()
        self._changes.append(Change(identifier, zone.rpartition("/")[2], records, now, utcnow(), "", 1))

    def zone_of(self, name: str) -> Zone | None:
        """Give the zone that answers for a name, as its name servers know it; None if there is none here."""
        asked = plain(name)
        zones = {each: plain(each.name) for each in _backend().zones.values()}
        fitting = [zone for zone, apex in zones.items() if asked == apex or asked.endswith(f".{apex}")]
        if fitting:
            # As somebody inside the network sees it: a private zone is before a public one of that name.
            zone = max(fitting, key=lambda each: (len(zones[each]), each.private_zone))
            records = self._at(zone, self._settings.clock())
            return self._zone(zones[zone], records)
        if self.names.addresses(name, "A") is None:
            return None
        return self._zone("amazonaws.com.", {})

    def _zone(self, apex: str, records: Records) -> Zone:
        names = self.names
        region = self._settings.region
        told = [*records.values()]
        return Zone(apex, told, names.addresses, names.well, self.failing, region, self.chance)

    def _newest(self, zone: Any) -> Records:
        return self._at(zone, float("inf"))

    def _at(self, zone: Any, moment: float) -> Records:
        known = [each for each in self._changes if each.zone == zone.resource_id and each.known <= moment]
        return known[-1].records if known else _first(zone)

    def _told(self, change: Change) -> Mapping[str, Any]:
        pending = self._settings.clock() < change.known
        status = "PENDING" if pending else "INSYNC"
        return {"Id": f"/change/{change.id}", "Status": status, "SubmittedAt": change.submitted}


def _first(zone: Any) -> Records:
    """Give what a new zone has (developer guide, NS and SOA records)."""
    servers: Sequence[str] = [plain(each) for each in zone.delegation_set.name_servers]
    start = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    told = [
        {
            "Name": zone.name,
            "Type": "NS",
            "TTL": 172800,
            "ResourceRecords": [{"Value": each} for each in servers],
        },
        {"Name": zone.name, "Type": "SOA", "TTL": 900, "ResourceRecords": [{"Value": start}]},
    ]
    return {key_of(each): kept(each) for each in told}


def _backend() -> Any:
    return route53_backends[wire.ACCOUNT]["aws"]
