"""Clients that arrange a world: botocore's own, answered in this process without a socket."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from gocd.rehearsal.standin_aws.control import wire

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


class Clients:
    """A client for each service, made when it is first asked for; *answer* is the endpoint as WSGI has it."""

    def __init__(self, region: str, url: str, answer: Application) -> None:
        self._region = region
        self._url = url
        self._answer = answer
        self._session = botocore.session.Session()
        self._session.set_config_variable("config_file", os.devnull)
        self._clients: dict[str, Any] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a process's AWS clients to the same endpoint, and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self._url,
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ACCESS_KEY_ID": wire.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": wire.SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def __call__(self, service: str) -> Any:
        if service not in self._clients:
            client = self._session.create_client(
                service,
                region_name=self._region,
                endpoint_url=self._url,
                aws_access_key_id=wire.ACCESS_KEY,
                aws_secret_access_key=wire.SECRET_KEY,
                config=Config(user_agent_extra=wire.ARRANGING, retries={"total_max_attempts": 1}),
            )
            client.meta.events.register("before-send", self._send)
            self._clients[service] = client
        return self._clients[service]

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        told: list[Any] = []
        content = b"".join(self._answer(_environ(request), lambda *line: told.extend(line)))
        status, headers = told
        return AWSResponse(request.url, int(status.split()[0]), _joined(headers), _Body(content))


class _Body(io.BytesIO):
    """The part of urllib3's response that botocore reads."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _joined(headers: list[tuple[str, str]]) -> Mapping[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    body = request.body or b""
    if not isinstance(body, (str, bytes, bytearray)):
        body = body.read()
    content = body.encode() if isinstance(body, str) else bytes(body)
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # PEP 3333: the bytes of the path, decoded as Latin-1.
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "RAW_URI": f"{url.path or '/'}{'?' if url.query else ''}{url.query}",
        "QUERY_STRING": url.query,
        "SERVER_NAME": str(url.hostname),
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    environ["CONTENT_LENGTH"] = str(len(content))
    return environ
