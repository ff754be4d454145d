"""Which operation an HTTP request asks for, and how AWS words an error in each of its protocols."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

from gocd.rehearsal.standin_aws.control.journal import Call

# Status line, headers and body of an answer.
Answer = tuple[str, list[tuple[str, str]], bytes]

ARRANGING = "standin-arranging"
ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/deployer"
ACCESS_KEY, SECRET_KEY = "AKIASTANDIN", "standin"

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_RPC = re.compile(r"/service/\w+/operation/(\w+)")
_IAM_NAMES = {"monitoring": "cloudwatch"}
_QUERY_IN_S3 = {
    ("POST", "uploads"): "CreateMultipartUpload",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("POST", "delete"): "DeleteObjects",
    ("PUT", "uploadId"): "UploadPart",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("GET", "list-type"): "ListObjectsV2",
    ("GET", "location"): "GetBucketLocation",
}
_FUNCTION = re.compile(r"/2015-03-31/functions(?:/([^/]*))?(?:/(\w+))?/?")
_ZONES = re.compile(
    r"/2013-04-01/(hostedzone|change|healthcheck)(/[^/]+)?(/rrset|/rrsetprotection|/changebatches|/status)?/?"
)
# By method, what is asked about, whether one is named, and what of it.
_OF_ROUTE_53 = {
    ("GET", "hostedzone", False, None): "ListHostedZones",
    ("GET", "hostedzone", True, None): "GetHostedZone",
    ("GET", "hostedzone", True, "/rrset"): "ListResourceRecordSets",
    ("POST", "hostedzone", False, None): "CreateHostedZone",
    ("POST", "hostedzone", True, "/rrset"): "ChangeResourceRecordSets",
    ("GET", "hostedzone", True, "/rrsetprotection"): "ListResourceRecordSetProtections",
    ("POST", "hostedzone", True, "/rrsetprotection"): "CreateResourceRecordSetProtections",
    ("GET", "hostedzone", True, "/changebatches"): "ListHostedZoneChangeBatches",
    ("GET", "change", True, None): "GetChange",
    ("POST", "healthcheck", False, None): "CreateHealthCheck",
    ("GET", "healthcheck", True, "/status"): "GetHealthCheckStatus",
}
# By method, whether a function is named, and what follows its name.
_OF_LAMBDA = {
    ("POST", True, "invocations"): "Invoke",
    ("GET", True, None): "GetFunction",
    ("GET", False, None): "ListFunctions",
}
_OF_A_BUCKET = {"PUT": "CreateBucket", "HEAD": "HeadBucket", "GET": "ListObjects", "DELETE": "DeleteBucket"}
_OF_AN_OBJECT = {"PUT": "PutObject", "HEAD": "HeadObject", "GET": "GetObject", "DELETE": "DeleteObject"}


def read_call(environ: Mapping[str, Any], body: bytes) -> Call:
    """Name the service and the operation of a request."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    query = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", ""), True).items()}
    presigned = "X-Amz-Signature" in query or "Signature" in query
    signed_for = f"Credential={query.get('X-Amz-Credential', '')}" if presigned else ""
    scope = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", signed_for))
    service = scope[1] if scope else "s3"
    service = _IAM_NAMES.get(service, service)
    parameters: Mapping[str, Any] = query
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        operation, protocol = target.rpartition(".")[2], "json"
        parameters = json.loads(body or b"{}")
    elif rpc := _RPC.fullmatch(path):
        operation, protocol = rpc[1], "cbor"
    elif service == "s3":
        operation, protocol = _s3_operation(method, path, query), "s3"
        bucket, _, key = path.lstrip("/").partition("/")
        parameters = {**query, "Bucket": bucket, "Key": key}
    elif service == "lambda":
        operation, protocol = _lambda_operation(method, path), "json"
        parameters = {**query, "FunctionName": _function_name(path)}
    elif service == "route53":
        operation, protocol = _route_53_operation(method, path), "query"
    elif environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        parameters = {key: values[0] for key, values in parse_qs(body.decode(), True).items()}
        operation, protocol = parameters.get("Action", ""), "ec2" if service == "ec2" else "query"
    else:
        operation, protocol = f"{method} {path}", "json"
    arranging = ARRANGING in environ.get("HTTP_USER_AGENT", "")
    return Call(service, operation, protocol, parameters, presigned, arranging)


def _s3_operation(method: str, path: str, query: Mapping[str, str]) -> str:
    for (of_method, key), operation in _QUERY_IN_S3.items():
        if method == of_method and key in query:
            return operation
    key_given = path.strip("/").count("/") > 0
    if path == "/":
        return "ListBuckets"
    return (_OF_AN_OBJECT if key_given else _OF_A_BUCKET).get(method, f"{method} {path}")


def _route_53_operation(method: str, path: str) -> str:
    asked = _ZONES.fullmatch(path)
    unknown = f"{method} {path}"
    return _OF_ROUTE_53.get((method, asked[1], bool(asked[2]), asked[3]), unknown) if asked else unknown


def _lambda_operation(method: str, path: str) -> str:
    asked = _FUNCTION.fullmatch(path)
    unknown = f"{method} {path}"
    return _OF_LAMBDA.get((method, bool(asked[1]), asked[2]), unknown) if asked else unknown


def _function_name(path: str) -> str:
    """Give the function of a request, which may name it by its ARN, with or without a version."""
    asked = _FUNCTION.fullmatch(path)
    parts = (asked[1] if asked and asked[1] else "").split(":")
    return parts[6] if len(parts) > 6 else parts[0]


def error(call: Call, status: int, code: str, message: str) -> Answer:
    """Word an error as the call's service would; gives status line, headers and body."""
    said, request = escape(message), uuid4()
    if call.protocol == "json":
        content, body = (
            "application/x-amz-json-1.1",
            json.dumps({"__type": code, "message": message}).encode(),
        )
    elif call.protocol == "cbor":
        content, body = "application/cbor", _cbor({"__type": code, "message": message})
    else:
        content = "text/xml"
        text = {
            "ec2": f"<Response><Errors><Error><Code>{code}</Code><Message>{said}</Message></Error></Errors>"
            f"<RequestID>{request}</RequestID></Response>",
            "s3": f"<Error><Code>{code}</Code><Message>{said}</Message><RequestId>{request}</RequestId>"
            "</Error>",
            "query": f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{said}</Message>"
            f"</Error><RequestId>{request}</RequestId></ErrorResponse>",
        }[call.protocol]
        body = text.encode()
    headers = [("Content-Type", content), ("x-amzn-ErrorType", code), ("x-amzn-RequestId", str(request))]
    if call.protocol == "cbor":
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
    return f"{status} {code}", [*headers, ("Content-Length", str(len(body)))], body


def _cbor(values: Mapping[str, str]) -> bytes:
    """Encode a small map of texts (RFC 8949: major types 5 and 3, lengths in two bytes)."""
    texts = [text.encode() for pair in values.items() for text in pair]
    return bytes([0xA0 + len(values)]) + b"".join(
        b"\x79" + len(text).to_bytes(2, "big") + text for text in texts
    )


def throttled(call: Call) -> tuple[int, str, str]:
    """Give status, code and message of a throttled call.

    Source: the services' error references; EC2 and S3 answer 503, Lambda 429, the others 400.
    """
    if call.service == "ec2":
        return 503, "RequestLimitExceeded", "Request limit exceeded."
    if call.service == "s3":
        return 503, "SlowDown", "Please reduce your request rate."
    if call.service == "lambda":
        return 429, "TooManyRequestsException", "Rate exceeded"
    code = "ThrottlingException" if call.protocol in ("json", "cbor") else "Throttling"
    return 400, code, "Rate exceeded"


def denied(call: Call) -> tuple[int, str, str]:
    """Give status, code and message of a call that no policy allows.

    Source: IAM User Guide, Troubleshoot access denied error messages.
    """
    message = (
        f"User: {USER} is not authorized to perform: {call.action} on resource: * "
        f"because no identity-based policy allows the {call.action} action"
    )
    if call.service == "ec2":
        return 403, "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}"
    if call.protocol in ("json", "cbor"):
        return 403 if call.service == "lambda" else 400, "AccessDeniedException", message
    return 403, "AccessDenied", message
