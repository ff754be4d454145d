"""Zonal shifts of Application Recovery Controller: started, prolonged, cancelled, and over by themselves.

Sources: ARC zonal shift API reference (StartZonalShift, UpdateZonalShift, CancelZonalShift, ListZonalShifts);
Elastic Load Balancing user guides, Zonal shift.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.services.zonal_shift.attribute import ENABLED

_ONE = re.compile(r"(GET|POST|PATCH|DELETE) /zonalshifts(?:/([^/]+))?")
_LENGTH = re.compile(r"([1-9]\d*)([mh])")
_LONGEST = timedelta(hours=72)


@dataclass(frozen=True)
class _Shift:
    """*until* is a moment of the stand-in's clock; *zone* is a name, as clients see it."""

    id: str
    resource: str
    zone: str
    away_from: str
    comment: str
    until: float
    started: datetime
    expires: datetime


class _Refused(Exception):
    """An error as the service answers it: status, code and words."""


class ZonalShifts:
    """Those of one region, while they last."""

    def __init__(self, region: str, clock: Clock) -> None:
        self._region = region
        self._now = clock
        self._shifts: dict[str, _Shift] = {}

    def corrections(self) -> Iterator[Correction]:
        """None: moto knows nothing of this service."""
        return iter(())

    def advance(self) -> None:
        """Let those be over whose time is."""
        self._shifts = {each.id: each for each in self._shifts.values() if each.until > self._now()}

    def forget(self) -> None:
        self._shifts.clear()

    def away_from(self, load_balancer: str) -> set[str]:
        """Give the zones that a load balancer's traffic is led away from, by its ARN."""
        return {each.zone for each in self._shifts.values() if each.resource == load_balancer}

    def answer(self, call: Call, environ: Mapping[str, Any], body: bytes) -> wire.Answer:
        """Answer one request to the service.

        Raises:
            NotImplementedError: It asks for none of the four operations that there are here.
        """
        asked = _ONE.fullmatch(call.operation)
        if not asked:
            raise NotImplementedError
        given = json.loads(body or b"{}")
        try:
            match asked[1], asked[2]:
                case "POST", None:
                    return _json(201, self._start(given))
                case "GET", None:
                    return _json(200, {"items": [_told(each) for each in self._shifts.values()]})
                case "PATCH", str(key):
                    return _json(200, self._update(key, given))
                case "DELETE", str(key):
                    return _json(200, _told(self._shifts.pop(self._known(key).id), "CANCELED"))
        except _Refused as refusal:
            status, code, words = refusal.args
            return wire.error(call, status, code, words)
        raise NotImplementedError

    def _start(self, given: Mapping[str, str]) -> dict[str, Any]:
        balancer = elbv2_backends[wire.ACCOUNT][self._region].load_balancers.get(given["resourceIdentifier"])
        if balancer is None or balancer.attrs.get(ENABLED) != "true":
            raise _Refused(404, "ResourceNotFoundException", "The resource is not managed by zonal shift")
        if self.away_from(balancer.arn):
            raise _Refused(409, "ConflictException", "There is already an active zonal shift for it")
        names = {
            each.zone_id: each.name
            for each in ec2_backends[wire.ACCOUNT][self._region].describe_availability_zones()
        }
        zone = names.get(given["awayFrom"], "")
        if zone not in {each.zone_name for each in balancer.availability_zones}:
            raise _Refused(400, "ValidationException", f"{given['awayFrom']} is no zone of the resource")
        length = _length(given["expiresIn"])
        started = datetime.now(timezone.utc)
        shift = _Shift(
            str(uuid4()),
            balancer.arn,
            zone,
            given["awayFrom"],
            given["comment"],
            self._now() + length.total_seconds(),
            started,
            started + length,
        )
        self._shifts[shift.id] = shift
        return _told(shift)

    def _update(self, key: str, given: Mapping[str, str]) -> dict[str, Any]:
        shift = self._known(key)
        if "expiresIn" in given:
            length = _length(given["expiresIn"])
            expires = datetime.now(timezone.utc) + length
            shift = replace(shift, until=self._now() + length.total_seconds(), expires=expires)
        self._shifts[key] = replace(shift, comment=given.get("comment", shift.comment))
        return _told(self._shifts[key])

    def _known(self, key: str) -> _Shift:
        if key not in self._shifts:
            raise _Refused(404, "ResourceNotFoundException", f"There is no zonal shift {key}")
        return self._shifts[key]


def _length(words: str) -> timedelta:
    told = _LENGTH.fullmatch(words)
    length = timedelta(**{{"m": "minutes", "h": "hours"}[told[2]]: int(told[1])}) if told else None
    if length is None or length > _LONGEST:
        raise _Refused(400, "ValidationException", f"A shift lasts up to three days, not {words}")
    return length


def _told(shift: _Shift, status: str = "ACTIVE") -> dict[str, Any]:
    return {
        "zonalShiftId": shift.id,
        "resourceIdentifier": shift.resource,
        "awayFrom": shift.away_from,
        "expiryTime": shift.expires.timestamp(),
        "startTime": shift.started.timestamp(),
        "status": status,
        "comment": shift.comment,
    }


def _json(status: int, value: Any) -> wire.Answer:
    content = json.dumps(value).encode()
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", str(uuid4()))]
    return f"{status} OK", [*headers, ("Content-Length", str(len(content)))], content
