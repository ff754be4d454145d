"""Links to objects, held to what S3 holds them to: how they are signed, for which region, and for how long.

Source: Amazon S3 API reference, Authenticating requests: using query parameters (AWS Signature Version 4);
Error responses.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, quote

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.services.s3.hosts import ASKED, PATH

Problem = tuple[int, str, str]

NEEDED = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"}
LONGEST = 604_800
CLOCKS_DIFFER = timedelta(minutes=15)


def refused(environ: Mapping[str, Any], region: str, now: datetime) -> Problem | None:
    """Give status, code and message if S3 does not take a link to a bucket of this *region*."""
    return next(_problems(environ, region, now), None)


def _problems(environ: Mapping[str, Any], region: str, now: datetime) -> Iterator[Problem]:
    """Give what is wrong with a link, the first of it first; nobody asks for more."""
    asked = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    if "X-Amz-Signature" not in asked:
        text = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        yield 400, "InvalidRequest", text
    for name in sorted(NEEDED - asked.keys()):
        yield _malformed(f"Query-string authentication version 4 requires the {name} parameter.")
    key, day, signed_for, *_ = asked["X-Amz-Credential"].split("/")
    if signed_for != region:
        wrong = f"the region '{signed_for}' is wrong; expecting '{region}'"
        yield _malformed(f"Error parsing the X-Amz-Credential parameter; {wrong}")
    if key != wire.ACCESS_KEY:
        yield 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
    if int(asked["X-Amz-Expires"]) > LONGEST:
        yield _malformed("X-Amz-Expires must be less than a week (in seconds)")
    signed = datetime.strptime(asked["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    if signed > now + CLOCKS_DIFFER:
        yield 403, "AccessDenied", "Request is not valid yet"
    if signed + timedelta(seconds=int(asked["X-Amz-Expires"])) < now:
        yield 403, "AccessDenied", "Request has expired"
    if not hmac.compare_digest(_signature(environ, asked, day, region), asked["X-Amz-Signature"]):
        text = "The request signature we calculated does not match the signature you provided."
        yield 403, "SignatureDoesNotMatch", text


def _malformed(text: str) -> Problem:
    return 400, "AuthorizationQueryParametersError", text


def _signature(environ: Mapping[str, Any], asked: Mapping[str, str], day: str, region: str) -> str:
    names = asked["X-Amz-SignedHeaders"]
    headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in names.split(";")}
    headers["host"] = environ[ASKED]
    query = sorted((_quoted(k), _quoted(v)) for k, v in asked.items() if k != "X-Amz-Signature")
    request = [
        environ["REQUEST_METHOD"],
        _quoted(environ[PATH].encode("latin-1").decode(), "/"),
        "&".join(f"{name}={value}" for name, value in query),
        *(f"{name}:{value.strip()}" for name, value in headers.items()),
        "",
        names,
        "UNSIGNED-PAYLOAD",
    ]
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", asked["X-Amz-Date"], scope, digest])
    key = f"AWS4{wire.SECRET_KEY}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


def _quoted(text: str, safe: str = "") -> str:
    return quote(text, safe=f"{safe}-_.~")
