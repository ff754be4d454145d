"""Moto behind one lock and a WSGI layer, served on a free port of 127.0.0.1.

Every call passes the journal and the faults; what moto does not model is answered as AWS answers an error.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from gocd.rehearsal.standin_aws import wire
from gocd.rehearsal.standin_aws.faults import Faults
from gocd.rehearsal.standin_aws.journal import Call, Journal

Answer = tuple[str, list[tuple[str, str]], bytes]
_READING = ("Describe", "Get", "List", "Head")


class ControlPlane:
    """The endpoint; ``changed`` is called, with the lock held, after each call that may change something."""

    def __init__(self, journal: Journal, faults: Faults, changed: Callable[[], None]) -> None:
        # Moto has no locks: with one for all, calls take effect one after the other.
        self.lock = threading.RLock()
        self._journal = journal
        self._faults = faults
        self._changed = changed
        self._moto = DomainDispatcherApplication(create_backend_app)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server(
            "127.0.0.1", 0, self.answer, threaded=True, request_handler=MotoRequestHandler
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request (the WSGI entry)."""
        body = _read(environ)
        call = wire.read_call(environ, body)
        environ["wsgi.input"] = io.BytesIO(body)
        status, headers, content = self._answer_call(call, environ)
        start_response(status, headers)
        return [content]

    def _answer_call(self, call: Call, environ: dict[str, Any]) -> Answer:
        if call.arranging:
            return self._take_effect(call, environ)
        self._journal.record(call)
        if self._faults.before_call:
            self._faults.before_call(call)
        refusal = self._faults.refusal(call)
        if refusal:
            call.outcome = refusal[1]
            answer = wire.error(call, *refusal)
        else:
            answer = self._take_effect(call, environ)
        if self._faults.after_call:
            self._faults.after_call(call)
        return answer

    def _take_effect(self, call: Call, environ: dict[str, Any]) -> Answer:
        with self.lock:
            answer = self._ask_moto(call, environ)
            if not call.operation.startswith(_READING):
                self._changed()
        if int(answer[0].split()[0]) >= 400:
            call.outcome = dict(answer[1]).get("x-amzn-ErrorType", answer[0].split()[0])
        return answer

    def _ask_moto(self, call: Call, environ: dict[str, Any]) -> Answer:
        answered: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
            answered.append((status, headers))

        try:
            content = b"".join(self._moto(environ, start))
        except NotImplementedError:
            # Status 400, so that clients do not try again what cannot succeed.
            text = f"{call.service} {call.operation} is not modelled by the stand-in AWS"
            return wire.error(call, 400, "NotImplemented", text)
        except Exception as error:  # noqa: BLE001 - a gap in moto must not look like a broken network
            text = f"{call.service} {call.operation} failed inside the stand-in AWS: {error!r}"
            return wire.error(call, 400, "InternalFailure", text)
        status, headers = answered[-1]
        return status, headers, content


def _read(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read()
        environ["CONTENT_LENGTH"] = str(len(body))
        return body
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))
