"""One invocation of a Lambda function, and all that it answered.

Sources: Lambda API reference (Invoke); developer guide, Understanding retry behavior.
"""

import base64
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from gocd.json_text import read_json
from tasks.aws.api import Aws
from tasks.aws.errors import AwsError, aws_errors, refused
from tasks.running.errors import Refused

# Lambda answers these with 502, and has run nothing: the function's own settings are at fault (API reference,
# Invoke, Errors).
UNUSABLE = {
    "EC2AccessDeniedException",
    "InvalidRuntimeException",
    "InvalidSecurityGroupIDException",
    "InvalidSubnetIDException",
    "InvalidZipFileException",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
}


class CannotRun(AwsError):
    """No invocation of the function can begin, now or later."""


@dataclass(frozen=True)
class FunctionResult:
    """What came of an invocation that Lambda accepted.

    Args:
        payload: What the function returned, as JSON; its error if there was one.
        error: Empty, or Lambda's word that it failed; the HTTP status is 200 all the same.
        log_tail: The last 4 KB of what it logged.
    """

    payload: str
    error: str
    log_tail: str

    @property
    def complaint(self) -> str:
        """Why it failed, in the function's words."""
        try:
            told = read_json(self.payload)
        except ValueError:
            return self.payload
        if not isinstance(told, dict):
            return self.payload
        return ": ".join(str(told[key]) for key in ("errorType", "errorMessage") if told.get(key))


def invoke(aws: Aws, name: str, event: Mapping[str, str]) -> FunctionResult:
    """Run the function once and wait for its end, 15 minutes at most; never sent twice.

    Raises:
        Refused: There is no such function, or no permission to run it.
        AwsError: Throttled, and then it has not run; or no answer, and then nobody knows.
    """
    answer = _invoke(aws, name, "RequestResponse", json.dumps(event))
    # The answer's body comes after its head, and the connection may break in between.
    with aws_errors("lambda", "Invoke", name):
        payload = aws.in_time(lambda: _read(answer["Payload"]))
    return FunctionResult(
        payload=payload.decode(errors="replace"),
        error=answer.get("FunctionError", ""),
        log_tail=_decoded(answer.get("LogResult", "")),
    )


def _read(body: Any) -> bytes:
    with closing(body):
        return bytes(body.read())


def _decoded(log: str) -> str:
    try:
        return base64.b64decode(log).decode(errors="replace")
    except ValueError:
        # What it logged is no reason to lose what it answered.
        return ""


def check_invocation(aws: Aws, name: str) -> None:
    """Have AWS say whether the function could be run, without running it.

    Raises:
        Refused: There is no such function, or no permission to run it.
    """
    _invoke(aws, name, "DryRun", "{}")


def _invoke(aws: Aws, name: str, kind: str, payload: str) -> Mapping[str, Any]:
    settings = {"LogType": "Tail"} if kind == "RequestResponse" else {}
    try:
        with refused(UNUSABLE, CannotRun):
            return aws.call(
                "lambda",
                "invoke",
                name,
                FunctionName=name,
                InvocationType=kind,
                Payload=payload.encode(),
                **settings,
            )
    except AwsError as error:
        if error.code == "ResourceNotFoundException":
            what = f"no Lambda function is called {name} in {aws.region}"
            raise Refused(what, "Check the names and AWS_REGION, or give --function") from None
        raise
