"""Requests and answers of the query protocol, by botocore's model of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from moto.core.parse import QueryParser
from moto.core.serialize import QuerySerializer, SerializationContext
from moto.core.utils import get_service_model
from werkzeug.datastructures import MultiDict

from gocd.rehearsal.standin_aws.control import wire


def read(operation: str, body: bytes) -> dict[str, Any]:
    """Read what is asked of *operation*."""
    model = get_service_model("cloudformation").operation_model(operation)
    pairs = MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
    parsed: dict[str, Any] = QueryParser(model).parse({"values": pairs})
    return parsed


def answer(operation: str, result: Mapping[str, Any]) -> wire.Answer:
    """Write the *result* of an operation."""
    model = get_service_model("cloudformation").operation_model(operation)
    told = QuerySerializer(model, SerializationContext()).serialize(result)
    content = told["body"].encode() if isinstance(told["body"], str) else told["body"]
    return "200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(content)))], content
