"""The API on a port of its own."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gocd.numbers import whole
from gocd.rehearsal.standin_gocd.api import routes
from gocd.rehearsal.standin_gocd.api.faults import Faults
from gocd.rehearsal.standin_gocd.api.files import Files
from gocd.rehearsal.standin_gocd.api.materials import Materials
from gocd.rehearsal.standin_gocd.api.messages import Answer, Halt, Request, as_json, message
from gocd.rehearsal.standin_gocd.api.pipelines import Pipelines
from gocd.rehearsal.standin_gocd.api.preflight import Preflight
from gocd.rehearsal.standin_gocd.api.security import NotAuthenticated, Security, User
from gocd.rehearsal.standin_gocd.api.stages import Stages
from gocd.rehearsal.standin_gocd.api.standing import Standing
from gocd.rehearsal.standin_gocd.refusal import Refusal
from gocd.rehearsal.standin_gocd.server import Server

# Seconds between two looks of the server at what is due.
LOOK = 0.02
_ROOT = "/go"


@contextmanager
def listening(
    server: Server,
    *,
    users: Sequence[User] = (),
    faults: Faults | None = None,
    tls: ssl.SSLContext | None = None,
    port: int = 0,
) -> Iterator[str]:
    """Let *server* be asked over HTTP on loopback, and yield its address as GO_SERVER_URL has it.

    Args:
        users: Who may log in; nobody has to where there are none.
        tls: For HTTPS.
        port: 0 for one that is free.
    """
    http = _Http(server, Security(users), faults or Faults(), tls, port)
    server.url = http.address
    thread = Thread(target=http.serve_forever, args=(LOOK,))
    thread.start()
    try:
        yield http.address
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Http(ThreadingHTTPServer):
    # One that a client keeps open must not keep the server.
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, server: Server, security: Security, faults: Faults, tls: ssl.SSLContext | None, port: int
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.gocd, self.security, self.faults = server, security, faults
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}{_ROOT}"
        groups = (Pipelines, Stages, Files, Preflight, Materials, Standing)
        self.routes = [route for group in groups for route in group(server).routes()]

    def service_actions(self) -> None:
        self.gocd.look()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Whoever hangs up, or does not trust the certificate, has told the client why.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def has_pipeline(self, name: str) -> bool:
        return name.lower() in self.gocd.pipelines


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Seconds for which a client may keep a connection open and ask nothing.
    timeout = 60
    server: _Http

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        return

    def _answer(self) -> None:
        body = self._body()
        address = urlsplit(self.path)
        path = address.path.removeprefix(_ROOT)
        faults = self.server.faults
        if faults.is_cut(path, heard=False):
            self.close_connection = True
            return
        answer = faults.befall(self.command, path) or self._carried_out(path, address.query, body)
        if faults.is_cut(path, heard=True):
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(whole(self.headers.get("Content-Length", "0")) or 0)
        pieces = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _carried_out(self, path: str, query: str, body: bytes) -> Answer:
        if not self.path.startswith(f"{_ROOT}/"):
            # Source: GoCD's JettyServer.java, which has nothing beside, and JettyCustomErrorPageHandler.java
            return Answer(404, b"<html><title>404 - Not Found</title></html>", "text/html; charset=utf-8")
        try:
            user = self.server.security.user(self.headers.get("Authorization", ""))
            values = dict(parse_qsl(query, keep_blank_values=True))
            request = Request(self.command, path, values, self.headers, body, user, self.server.address)
            with self.server.gocd.changed:
                return routes.answer(self.server.routes, request, self.server.has_pipeline)
        except Halt as halt:
            return halt.answer
        except Refusal as refusal:
            return message(refusal.text, refusal.status)
        except NotAuthenticated as refused:
            challenge = {"WWW-Authenticate": 'Basic realm="GoCD"'} if refused.challenge else {}
            return as_json({"message": str(refused)}, 401, **challenge)
