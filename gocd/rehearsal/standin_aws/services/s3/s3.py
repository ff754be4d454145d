"""S3 as moto has it, but for what a link is held to, and for hosts that a bucket is not at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from moto.s3.models import s3_backends

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.services.s3 import hosts, links


class S3:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def corrections(self) -> Iterable[Correction]:
        return ()

    def advance(self) -> None:
        """Nothing changes with time."""

    def forget(self) -> None:
        """Moto knows all there is."""

    def refusal(self, call: Call, environ: Mapping[str, Any]) -> wire.Answer | None:
        """Answer what is at the wrong host, and links that S3 does not take."""
        bucket = _bucket(environ)
        if bucket is None:
            return None
        if elsewhere := hosts.redirect(environ[hosts.ASKED], bucket.region_name):
            status, headers, content = wire.error(call, *elsewhere)
            place = f"https://{bucket.name}.s3.{bucket.region_name}.amazonaws.com{environ[hosts.PATH]}"
            return status, [*headers, ("Location", f"{place}?{environ['QUERY_STRING']}")], content
        now = datetime.now(timezone.utc) + timedelta(seconds=self._clock.skipped)
        if call.presigned and (problem := links.refused(environ, bucket.region_name, now)):
            return wire.error(call, *problem)
        return None

    def finish(self, call: Call, environ: Mapping[str, Any], answer: wire.Answer) -> wire.Answer:
        """Tell a bucket's region to whoever asks for it, allowed or not (API reference, HeadBucket)."""
        bucket = _bucket(environ)
        status, headers, content = answer
        told = {name.lower() for name, _ in headers}
        if bucket is None or call.operation != "HeadBucket" or "x-amz-bucket-region" in told:
            return answer
        return status, [*headers, ("x-amz-bucket-region", bucket.region_name)], content


def _bucket(environ: Mapping[str, Any]) -> Any:
    name = environ["PATH_INFO"].strip("/").partition("/")[0]
    return s3_backends[wire.ACCOUNT]["aws"].buckets.get(name)
