"""Moto behind one lock and a WSGI layer, served on a free port of 127.0.0.1.

Every call passes the journal and the faults; what moto does not model is answered as AWS answers an error.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Protocol

from moto.core import responses
from moto.core.utils import method_names_from_class
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.control.faults import Faults
from gocd.rehearsal.standin_aws.control.journal import Call, Journal
from gocd.rehearsal.standin_aws.control.stale_reads import StaleReads
from gocd.rehearsal.standin_aws.control.wire import Answer
from gocd.rehearsal.standin_aws.services.s3.hosts import put_bucket_into_path

_READING = ("Describe", "Get", "List", "Head")


# Answers a call that is none of moto's, told the request and its body; the lock is not held.
Outside = Callable[[Call, Mapping[str, Any], bytes], Answer]


class Door(Protocol):
    """What a service does with a call from outside before and after moto; the lock is held."""

    def refusal(self, call: Call, environ: Mapping[str, Any]) -> Answer | None:
        """Answer a call that moto shall not be asked."""

    def finish(self, call: Call, environ: Mapping[str, Any], answer: Answer) -> Answer:
        """Put into an answer what this service puts into all of them."""


class Time(Protocol):
    """How things change in between two calls."""

    def catch_up(self) -> None:
        """Let the time that has passed take effect before a call is answered."""

    def changed(self) -> None:
        """Let what a call changed take effect; the lock is held."""


class ControlPlane:
    """The endpoint: its port is taken at once, and it answers from ``serve`` on."""

    def __init__(self, journal: Journal, faults: Faults, clock: Clock) -> None:
        # Moto has no locks: with one for all, calls take effect one after the other.
        self.lock = threading.RLock()
        self._journal = journal
        self._faults = faults
        self._stale = StaleReads(faults, clock)
        self._outside: Mapping[str, Outside] = {}
        self._doors: Mapping[str, Door] = {}
        self._moto = DomainDispatcherApplication(create_backend_app)
        # It would look through moto's folder of services at every call.
        self._moto.get_backend_for_host = cache(self._moto.get_backend_for_host)
        # And through all methods of a service's class.
        responses.method_names_from_class = cache(method_names_from_class)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server(
            "127.0.0.1", 0, self.answer, threaded=True, request_handler=MotoRequestHandler
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def serve(self, time: Time, outside: Mapping[str, Outside], doors: Mapping[str, Door]) -> None:
        """Answer from now on; *outside* has, by IAM's name, the services that moto is not asked about.

        *doors* are by the same names.
        """
        self._time, self._outside, self._doors = time, outside, doors
        # A pause is how late the end may be, and otherwise wakes nobody.
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
        ).start()

    def forget(self) -> None:
        """Drop what was answered so far."""
        self._stale.forget()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request (the WSGI entry)."""
        body = _read(environ)
        put_bucket_into_path(environ)
        call = wire.read_call(environ, body)
        environ["wsgi.input"] = io.BytesIO(body)
        status, headers, content = self._answer_call(call, environ)
        start_response(status, headers)
        return [content]

    def _answer_call(self, call: Call, environ: dict[str, Any]) -> Answer:
        if call.arranging:
            return self._take_effect(call, environ)
        if page := self._faults.in_between():
            return page
        self._journal.record(call)
        if self._faults.before_call:
            self._faults.before_call(call)
        problem = self._faults.refusal(call)
        if not problem:
            answer = self._take_effect(call, environ)
            problem = self._faults.loss(call)
        if problem:
            call.outcome = problem[1]
            answer = wire.error(call, *problem)
        if self._faults.after_call:
            self._faults.after_call(call)
        if door := self._doors.get(call.service):
            with self.lock:
                answer = door.finish(call, environ, answer)
        return self._faults.spoilt(call, answer)

    def _take_effect(self, call: Call, environ: dict[str, Any]) -> Answer:
        if call.service in self._outside:
            outside = self._outside[call.service]
            return self._noted(call, self._ask(call, lambda: outside(call, environ, _read(environ))))
        self._time.catch_up()
        with self.lock:
            answer = self._held_back(call, environ) or self._look_or_change(call, environ)
        return self._noted(call, answer)

    def _look_or_change(self, call: Call, environ: dict[str, Any]) -> Answer:
        def ask(request: dict[str, Any]) -> Answer:
            return self._ask(call, lambda: self._ask_moto(request))

        if not call.operation.startswith(_READING):
            self._stale.about_to_change(ask)
            answer = ask(environ)
            self._time.changed()
            return answer
        return (None if call.arranging else self._stale.answer(call, environ, ask)) or ask(environ)

    def _held_back(self, call: Call, environ: dict[str, Any]) -> Answer | None:
        door = self._doors.get(call.service)
        return door.refusal(call, environ) if door and not call.arranging else None

    def _noted(self, call: Call, answer: Answer) -> Answer:
        if int(answer[0].split()[0]) >= 400:
            call.outcome = dict(answer[1]).get("x-amzn-ErrorType", answer[0].split()[0])
        return answer

    def _ask(self, call: Call, ask: Callable[[], Answer]) -> Answer:
        try:
            return ask()
        except NotImplementedError:
            # Status 400, so that clients do not try again what cannot succeed.
            text = f"{call.service} {call.operation} is not modelled by the stand-in AWS"
            return wire.error(call, 400, "NotImplemented", text)
        except Exception as error:  # noqa: BLE001 - a gap in moto must not look like a broken network
            text = f"{call.service} {call.operation} failed inside the stand-in AWS: {error!r}"
            return wire.error(call, 400, "InternalFailure", text)

    def _ask_moto(self, environ: dict[str, Any]) -> Answer:
        answered: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
            answered.append((status, headers))

        content = b"".join(self._moto(environ, start))
        status, headers = answered[-1]
        return status, headers, content


def _read(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read()
        environ["CONTENT_LENGTH"] = str(len(body))
        return body
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))
