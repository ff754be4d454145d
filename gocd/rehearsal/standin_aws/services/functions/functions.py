"""Lambda: functions that are Python callables here, invoked and answered as the service does.

Sources: Lambda API reference (Invoke, GetFunction, ListFunctions); developer guide, Lambda function handler
in Python, Python function errors.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.journal import Call

# Bytes of a log that an invocation with LogType Tail answers.
LOG_TAIL = 4096
VERSION = "$LATEST"
TIMEOUT_S, MEMORY_MB = 900, 128

Headers = list[tuple[str, str]]


@dataclass
class Context:
    """What a handler is given beside its event; *log* writes one line, as ``print`` does in Lambda."""

    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    function_version: str = VERSION
    lines: list[str] = field(default_factory=list)

    def log(self, line: str) -> None:
        self.lines.append(line)


Handler = Callable[[Any, Context], Any]


@dataclass(frozen=True)
class Invocation:
    """One run of a function, as it ended; *error* is empty or Lambda's word for what went wrong."""

    function: str
    event: Any
    answer: Any
    error: str
    log: str


class LambdaFunctions:
    """The functions of one region, by name, and every invocation of them that has ended.

    They run in the thread of the request, and never under the control plane's lock: they are clients too.
    """

    def __init__(self, region: str) -> None:
        self.invocations: list[Invocation] = []
        self._region = region
        self._handlers: dict[str, Handler] = {}

    def add(self, name: str, handler: Handler) -> str:
        """Have *name* invoke *handler*; gives the function's ARN."""
        self._handlers[name] = handler
        return self._arn(name)

    def corrections(self) -> Iterator[Correction]:
        """None: moto knows nothing of these functions."""
        return iter(())

    def advance(self) -> None:
        """Nothing: they run in the threads of those who invoke them."""

    def forget(self) -> None:
        self._handlers.clear()
        self.invocations.clear()

    def answer(self, call: Call, environ: Mapping[str, Any], body: bytes) -> wire.Answer:
        """Answer one request to Lambda.

        Raises:
            NotImplementedError: It asks for something else than Invoke, GetFunction and ListFunctions.
        """
        if call.operation == "ListFunctions":
            return _json(200, {"Functions": [self._configuration(name) for name in self._handlers]})
        if call.operation not in {"Invoke", "GetFunction"}:
            raise NotImplementedError
        name = str(call.parameters["FunctionName"])
        if name not in self._handlers:
            said = f"Function not found: {self._arn(name)}"
            return wire.error(call, 404, "ResourceNotFoundException", said)
        if call.operation == "GetFunction":
            return _json(200, {"Configuration": self._configuration(name)})
        return self._invoke(call, name, environ, body)

    def _invoke(self, call: Call, name: str, environ: Mapping[str, Any], body: bytes) -> wire.Answer:
        how = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        try:
            event = json.loads(body or b"{}")
        except ValueError as problem:
            said = f"Could not parse request body into json: {problem}"
            return wire.error(call, 400, "InvalidRequestContentException", said)
        if how == "DryRun":
            return _json(204, None)
        if how == "Event":
            threading.Thread(target=self._run, args=(name, event), daemon=True).start()
            return _json(202, None)
        ended = self._run(name, event)
        headers = [("X-Amz-Executed-Version", VERSION)]
        if ended.error:
            headers.append(("X-Amz-Function-Error", ended.error))
        if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
            tail = base64.b64encode(ended.log.encode()[-LOG_TAIL:]).decode()
            headers.append(("X-Amz-Log-Result", tail))
        return _json(200, ended.answer, headers)

    def _run(self, name: str, event: Any) -> Invocation:
        context = Context(name)
        request = f"RequestId: {context.aws_request_id}"
        began = time.monotonic()
        error = ""
        try:
            answer = self._handlers[name](event, context)
            json.dumps(answer)
        except Exception as problem:  # noqa: BLE001 - whatever a function raises is its answer
            error = "Unhandled"
            answer, traced = _unhandled(problem)
            context.lines.append(traced)
        took = (time.monotonic() - began) * 1000
        log = "\n".join(
            [
                f"START {request} Version: {VERSION}",
                *context.lines,
                f"END {request}",
                f"REPORT {request}\tDuration: {took:.2f} ms\tBilled Duration: {-(-took // 1):.0f} ms\t"
                f"Memory Size: {MEMORY_MB} MB\tMax Memory Used: 42 MB\t\n",
            ]
        )
        ended = Invocation(name, event, answer, error, log)
        self.invocations.append(ended)
        return ended

    def _arn(self, name: str) -> str:
        return f"arn:aws:lambda:{self._region}:{wire.ACCOUNT}:function:{name}"

    def _configuration(self, name: str) -> dict[str, Any]:
        return {
            "FunctionName": name,
            "FunctionArn": self._arn(name),
            "Runtime": "python3.12",
            "Timeout": TIMEOUT_S,
            "MemorySize": MEMORY_MB,
            "Version": VERSION,
            "State": "Active",
            "LastUpdateStatus": "Successful",
        }


def _unhandled(problem: Exception) -> tuple[dict[str, Any], str]:
    """What Lambda answers, and logs, of an exception that a handler lets through."""
    kind = type(problem).__name__
    traced = traceback.extract_tb(problem.__traceback__)[1:]
    told = {"errorMessage": str(problem), "errorType": kind, "stackTrace": traceback.format_list(traced)}
    lines = "".join(told["stackTrace"])
    return told, f"[ERROR] {kind}: {problem}\nTraceback (most recent call last):\n{lines}".rstrip()


def _json(status: int, value: Any, headers: Headers | None = None) -> wire.Answer:
    content = b"" if status in (202, 204) else json.dumps(value).encode()
    given = [("Content-Type", "application/json"), ("x-amzn-RequestId", str(uuid4())), *(headers or [])]
    return f"{status} OK", [*given, ("Content-Length", str(len(content)))], content
