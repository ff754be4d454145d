"""What of a zone nobody may change, and who has changed what, neither of which moto models.

Source: Route 53 API reference, CreateResourceRecordSetProtections, ListResourceRecordSetProtections,
ChangeResourceRecordSets (a batch that touches what is protected is refused whole, with the protection's
comment), ListHostedZoneChangeBatches (FeatureNotEnabled where a zone keeps no history).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.route53 import urls
from moto.route53.exceptions import Route53ClientError
from moto.route53.responses import Route53 as Responses

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.route53.record_sets import plain

for _what in ("rrsetprotection", "changebatches"):
    urls.url_paths[rf"{{0}}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/{_what}$"] = (
        Responses.dispatch
    )

# By zone, name and type.
Key = tuple[str, str, str]


@dataclass
class Protections:
    """The protections of all zones."""

    _comments: dict[Key, str] = field(default_factory=dict)

    def corrections(self) -> Iterator[Correction]:
        yield Correction(Responses, "create_resource_record_set_protections", self.create, added=True)
        yield Correction(Responses, "list_resource_record_set_protections", self.list, added=True)

    def forget(self) -> None:
        self._comments.clear()

    def create(self, response: Any) -> ActionResult:
        """CreateResourceRecordSetProtections: all of them or none."""
        told = [
            ((_zone(response), plain(each["RecordName"]), str(each["RecordType"])), each.get("Comment") or "")
            for each in response._get_param("Protections") or []
        ]
        if any(key in self._comments for key, _ in told):
            raise Route53ClientError("ProtectionAlreadyExists", "A protection already exists")
        self._comments.update(told)
        return EmptyResult()

    def list(self, response: Any) -> ActionResult:
        """ListResourceRecordSetProtections: from a name on."""
        zone, start = _zone(response), _order(plain(str(response._get_param("StartRecordName") or "")))
        told = [
            {"RecordName": name, "RecordType": kind, **({"Comment": comment} if comment else {})}
            for (of, name, kind), comment in sorted(
                self._comments.items(), key=lambda each: _order(each[0][1])
            )
            if of == zone and _order(name) >= start
        ]
        return ActionResult({"ResourceRecordSetProtections": told})

    def refusals(self, zone: str, changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """Say which changes of a batch are refused."""
        for change in changes:
            record = change["ResourceRecordSet"]
            name, kind = plain(record["Name"]), str(record["Type"])
            if (comment := self._comments.get((zone, name, kind))) is not None:
                why = f": {comment}" if comment else ""
                yield f"The resource record set [name='{name}', type='{kind}'] is protected{why}"

    def any_of(self, zone: str) -> bool:
        return any(of == zone for of, _, _ in self._comments)


def _zone(response: Any) -> str:
    return str(response._get_param("HostedZoneId")).rpartition("/")[2]


def _order(name: str) -> list[str]:
    return list(reversed(name.rstrip(".").split("."))) if name.rstrip(".") else []
