"""What is asked of the API, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from gocd.rehearsal.standin_gocd.api.security import User

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Halt(Exception):
    """An answer before its time."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True)
class Request:
    """One request, by somebody.

    Args:
        path: Below ``/go``, as it was sent: names in it are still quoted.
        query: The last value of each parameter.
        user: Who asks; one nobody knows where security is off.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes
    user: User
    base: str
    """The address of the server, up to ``/go``."""

    def json(self) -> dict[str, Any]:
        """The body, which must be an object; none is an empty one.

        Raises:
            Halt: It is no JSON.
        Source: GoCD's RoutesHelper.invalidJsonPayload
        """
        if not self.body.strip():
            return {}
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise Halt(as_json({"error": f"Payload data is not valid JSON: {error}"}, 400)) from None
        if not isinstance(found, dict):
            raise Halt(as_json({"error": "Payload data is not valid JSON: not an object"}, 400))
        return found


def as_json(document: object, status: int = 200, content_type: str = JSON, **headers: str) -> Answer:
    return Answer(status, json.dumps(document, indent=2).encode(), content_type, headers)


def message(text: str, status: int = 200) -> Answer:
    """Source: GoCD's MessageJson.java."""
    return as_json({"message": text}, status)


def plain(text: str, status: int) -> Answer:
    return Answer(status, text.encode(), TEXT)
