"""The application a rehearsal deploys: a small HTTP service that can be stopped without losing a request.

It runs from an unpacked release, alone: only the standard library, and of this project what is packed into
the same file. The file VERSION beside it names the release; the file BROKEN, if there is one, says what is
wrong with it:

    starts-not      exits 1 at once
    answers-500     answers everything with 500
    users-get-500   answers users with 500; its status is well
    errors-at-first answers users with 500 for 2 s from the first one on; its status is well
    wrong-version   says it is version 0.0

A websocket gets back what it sends, byte for byte. Its options make it what services often are: one that
drops what it is at when it is told to stop, that closes idle connections soon, that is not ready when it
starts, or that says too early that it is.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import selectors
import signal
import socket
import sys
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from gocd.rehearsal.sample.loop import Loop, Stream, Timer

HERE = Path(__file__).parent
GRACE_S = 30.0
# How long an idle connection may still bring a request that its client sent before it heard of the stop.
LINGER_S = 0.5
LONGEST_HEAD = 16_384
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
AT_FIRST_S = 2.0
# How long a request is on its way from a load balancer: one that comes as late as this, before an idle
# connection is closed, is not seen any more.
AWAY_S = 0.002


class Service:
    """What all connections share: the release, who is connected, whether it is stopping.

    *broken* is what the file of that name says, *chosen* what the command line does.
    """

    def __init__(self, version: str, broken: str, chosen: argparse.Namespace) -> None:
        self.version = "0.0" if broken == "wrong-version" else version
        self.broken = broken
        self.fails_until: float | None = None
        self.warm_at = time.monotonic() + chosen.warm_up
        self.hides_warm_up: bool = chosen.hides_warm_up
        self.idle_limit: float = chosen.idle_limit
        self.stopping = False
        self.answered = 0
        self.connections: set[Connection] = set()

    def answer(self, target: str) -> tuple[HTTPStatus, dict[str, str], float]:
        """Return status, body and the seconds to wait before answering *target*."""
        url = urlsplit(target)
        wait = 0.0
        if url.path == "/slow":
            try:
                wait = float(parse_qs(url.query).get("seconds", ["1"])[0])
            except ValueError:
                wait = math.nan
            if not 0 <= wait < math.inf:
                return HTTPStatus.BAD_REQUEST, {"error": "seconds is a number, 0 or more"}, 0
        if trouble := self._trouble(users=url.path != "/_status"):
            status, why = trouble
            return status, {"error": why}, wait
        if url.path == "/_status":
            return HTTPStatus.OK, {"status": "ok", "version": self.version}, 0
        if url.path in ("/", "/slow"):
            return HTTPStatus.OK, {"version": self.version}, wait
        return HTTPStatus.NOT_FOUND, {"error": "no such page"}, 0

    def _trouble(self, *, users: bool) -> tuple[HTTPStatus, str] | None:
        now = time.monotonic()
        if self.broken == "answers-500" or (self.broken == "users-get-500" and users):
            return HTTPStatus.INTERNAL_SERVER_ERROR, "this release is broken"
        if now < self.warm_at and (users or not self.hides_warm_up):
            return HTTPStatus.SERVICE_UNAVAILABLE, "not ready yet"
        if self.broken == "errors-at-first" and users:
            self.fails_until = self.fails_until or now + AT_FIRST_S
            if now < self.fails_until:
                return HTTPStatus.INTERNAL_SERVER_ERROR, "not warm yet"
        return None


class Connection:
    """One client's connection; requests on it are answered one after another."""

    def __init__(self, loop: Loop, service: Service, client: socket.socket) -> None:
        self._loop = loop
        self._service = service
        self._received = b""
        self._answering = self._last = self._upgraded = False
        self._idle: Timer | None = None
        service.connections.add(self)
        self._stream = Stream(loop, client, self._take, self._hear_the_end, self._leave)
        self._rest()

    def close_if_idle(self) -> None:
        # A request that has arrived and was not read yet would be answered with a reset.
        if not (self._answering or self._received or self._stream.unread):
            self._stream.close()

    def _rest(self) -> None:
        if self._service.idle_limit < math.inf:
            self._idle = self._loop.later(self._service.idle_limit - AWAY_S, self._close_unread)

    def _close_unread(self) -> None:
        self._stream.read_no_more()
        self._loop.later(AWAY_S, self._stream.close)

    def _take(self, data: bytes) -> None:
        if self._idle:
            self._idle.called_off = True
        if self._upgraded:
            self._stream.send(data)
            return
        self._received += data
        self._read_request()

    def _hear_the_end(self) -> None:
        """Of what the client sends; it may still be waiting for its answer."""
        self._last = True
        if not self._answering:
            self._stream.close()

    def _leave(self) -> None:
        self._service.connections.discard(self)
        if self._idle:
            self._idle.called_off = True

    def _read_request(self) -> None:
        if self._answering:
            return
        head, complete, rest = self._received.partition(b"\r\n\r\n")
        if not complete:
            if len(head) > LONGEST_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        self._received = rest
        request, *headers = head.decode("latin-1").split("\r\n")
        try:
            method, target, protocol = request.split(" ")
        except ValueError:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        if method not in ("GET", "HEAD"):
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)
            return
        self._answering = True
        asked = {
            name.lower(): value.strip().lower() for name, _, value in (h.partition(":") for h in headers)
        }
        if asked.get("upgrade") == "websocket":
            self._answering, self._upgraded = False, True
            received, self._received = self._received, b""
            self._stream.send(UPGRADED + received)
            return
        self._last |= asked.get("connection", "") == "close" or protocol == "HTTP/1.0"
        status, body, wait = self._service.answer(target)
        if wait:
            self._loop.later(wait, lambda: self._answer(status, body, method == "HEAD"))
        else:
            self._answer(status, body, method == "HEAD")

    def _refuse(self, status: HTTPStatus) -> None:
        self._last = True
        self._answer(status, {"error": status.phrase})

    def _answer(self, status: HTTPStatus, body: dict[str, str], head_only: bool = False) -> None:
        self._answering = False
        if self._stream.closing:
            return
        last = self._last or self._service.stopping
        content = json.dumps(body).encode() + b"\n"
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            f"Content-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n"
            f"X-Version: {self._service.version}\r\n"
            f"Connection: {'close' if last else 'keep-alive'}\r\n\r\n"
        )
        self._service.answered += 1
        self._stream.send(head.encode("latin-1") + (b"" if head_only else content))
        if last:
            self._stream.close()
        elif self._received:
            self._loop.later(0, self._read_request)
        else:
            self._rest()


def serve(listeners: list[socket.socket], service: Service, *, ends_at_once: bool) -> None:
    """Answer on *listeners* until SIGTERM or SIGINT, then until nobody waits for an answer."""
    loop = Loop()
    told_to_stop: list[int] = []
    for number in () if ends_at_once else (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told_to_stop.append(number))
    # A signal is heard of between two waits: this ends the one that it comes in.
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    loop.watch(woken, selectors.EVENT_READ, lambda _: None)
    for listener in listeners:
        _listen(listener, loop, service)
    loop.run(lambda: bool(told_to_stop))
    loop.watch(woken, 0, lambda _: None)
    for listener in listeners:
        _accept_no_more(listener, loop, service)
    cut_off = stop(loop, service)
    say(f"stopped after {service.answered:,} answers; {cut_off} connections cut off")


def stop(loop: Loop, service: Service) -> int:
    """Let every request in flight finish; return how many could not in ``GRACE_S`` seconds."""
    service.stopping = True
    loop.run(lambda: not service.connections, LINGER_S)
    for connection in list(service.connections):
        connection.close_if_idle()
    loop.run(lambda: not service.connections, GRACE_S)
    return len(service.connections)


def _listen(listener: socket.socket, loop: Loop, service: Service) -> None:
    listener.setblocking(False)
    loop.watch(listener, selectors.EVENT_READ, lambda _: _accept(listener, loop, service))
    host, port = listener.getsockname()[:2]
    say(f"version {service.version} listens on {host}:{port}")


def _accept(listener: socket.socket, loop: Loop, service: Service) -> None:
    """Take everybody who has connected."""
    with contextlib.suppress(BlockingIOError):
        while True:
            try:
                client = listener.accept()[0]
            except ConnectionAbortedError:
                continue
            Connection(loop, service, client)


def _accept_no_more(listener: socket.socket, loop: Loop, service: Service) -> None:
    # The end of the listener resets whoever has connected and was not accepted yet: accept them all, and then
    # end it by the shortest way there is. Systems other than Linux do not know this way.
    _accept(listener, loop, service)
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RD)
    loop.watch(listener, 0, lambda _: None)
    listener.close()


def say(line: str) -> None:
    """Write one line at once, so that whoever started the service sees it through a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Serve this folder's release; return the exit status."""
    command = argparse.ArgumentParser(description="Serve the release in this folder.")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, action="append", help="again for one port more")
    command.add_argument("--ends-at-once", action="store_true", help="when stopped, whatever is in flight")
    command.add_argument("--idle-limit", type=float, default=math.inf, help="seconds of a kept connection")
    command.add_argument("--warm-up", type=float, default=0.0, help="seconds in which users get 503")
    command.add_argument("--hides-warm-up", action="store_true", help="/_status is well from the start")
    chosen = command.parse_args()
    mark = HERE / "BROKEN"
    broken = mark.read_text(encoding="utf-8").strip() if mark.exists() else ""
    if broken == "starts-not":
        sys.stderr.write("error: this release does not start\n")
        return 1
    version = (HERE / "VERSION").read_text(encoding="utf-8").strip()
    service = Service(version, broken, chosen)
    listeners = []
    for port in chosen.port or [8080]:
        try:
            listeners.append(socket.create_server((chosen.host, port), backlog=1024))
        except OSError as error:
            why = os.strerror(error.errno or 0)
            sys.stderr.write(f"error: cannot listen on {chosen.host}:{port}: {why}\n")
            return 1
    serve(listeners, service, ends_at_once=chosen.ends_at_once)
    return 0


if __name__ == "__main__":
    sys.exit(main())
