"""A name server on one port of 127.0.0.1, by UDP and by TCP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any

from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.names.answering import Answer, Zone, start_of

# Ports that are tried.
TRIES = 20


class _Answering(BaseResolver):  # type: ignore[misc] # dnslib has no types
    def __init__(self, zone_of: Callable[[str], Zone | None], lock: AbstractContextManager[Any]) -> None:
        self.asked: list[tuple[str, str]] = []
        self._zone_of = zone_of
        self._lock = lock

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        """Answer one question; what there is none of with the zone's SOA, or clients ask until they tire."""
        reply = request.reply()
        name, kind = str(request.q.qname), str(QTYPE[request.q.qtype])
        with self._lock:
            self.asked.append((name, kind))
            zone = self._zone_of(name)
            answers = zone.answers(name, kind) if zone else []
        if zone is None:
            reply.header.rcode = RCODE.REFUSED
            return reply
        for each in answers:
            reply.add_answer(*_records(each))
        if not answers:
            ttl, start = start_of(zone)
            reply.add_auth(*_records(Answer(zone.apex, "SOA", ttl, start)))
            reply.header.rcode = RCODE.NOERROR if zone.has(name) else RCODE.NXDOMAIN
        return reply


class NameServer:
    """Answers while it is open.

    Args:
        zone_of: Gives the zone that answers for a name.
        lock: Held while that is looked up.
    """

    def __init__(self, zone_of: Callable[[str], Zone | None], lock: AbstractContextManager[Any]) -> None:
        self._answering = _Answering(zone_of, lock)
        self._closing = ExitStack()
        self.port = 0

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The names and kinds that were asked for so far."""
        return self._answering.asked

    def __enter__(self) -> NameServer:
        for server in self._bound():
            self._closing.callback(server.server.server_close)
            self._closing.callback(server.stop)
            server.start_thread()
            self.port = server.server.server_address[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _bound(self) -> list[DNSServer]:
        """Bind one port for both, which by TCP may be another's."""
        for _ in range(TRIES):
            udp = self._server(0, tcp=False)
            try:
                return [udp, self._server(udp.server.server_address[1], tcp=True)]
            except OSError:
                udp.server.server_close()
        raise GoCDError("no port of 127.0.0.1 is free for a name server")

    def _server(self, port: int, *, tcp: bool) -> DNSServer:
        silent = DNSLogger(log="", logf=lambda _: None)
        return DNSServer(self._answering, address="127.0.0.1", port=port, tcp=tcp, logger=silent)


def _records(answer: Answer) -> list[RR]:
    return list(RR.fromZone(f"{answer.name} {answer.ttl} IN {answer.kind} {answer.value}"))
