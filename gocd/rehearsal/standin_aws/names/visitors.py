"""Those who come by a name: resolvers that keep an answer for a while, and users who ask through them.

A resolver keeps an answer as long as its TTL says; or longer, as those do that have a least time for all of
them, or that serve what is out of date (RFC 8767). A user who has a connection asks nobody while it lives.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from urllib.parse import urlsplit

from dnslib import QTYPE, RCODE, DNSRecord

PATIENCE = 10.0


class Resolver:
    """Asks a name server, and keeps what it answers.

    Args:
        port: The name server's.
        now: The time that answers are kept by.
        least: Keeps an answer for that many seconds at least, whatever its TTL.
    """

    def __init__(self, port: int, now: Callable[[], float], least: float = 0.0) -> None:
        self._port = port
        self._now = now
        self._least = least
        self._kept: dict[tuple[str, str], tuple[float, list[str]]] = {}

    def ask(self, name: str, kind: str = "A") -> list[str]:
        """Give the values for a name; none if there are none."""
        until, known = self._kept.get((name, kind), (0.0, []))
        if self._now() < until:
            return known
        question = DNSRecord.question(name, kind)
        answer = DNSRecord.parse(question.send("127.0.0.1", self._port, timeout=PATIENCE))
        if answer.header.rcode not in (RCODE.NOERROR, RCODE.NXDOMAIN):
            raise OSError(f"{name}: {RCODE[answer.header.rcode]}")
        found = [str(each.rdata) for each in answer.rr if QTYPE[each.rtype] == kind]
        lives = [each.ttl for each in answer.rr]
        lives += [min(each.ttl, each.rdata.times[-1]) for each in answer.auth if not answer.rr]
        self._kept[name, kind] = self._now() + max(self._least, min(lives, default=0)), found
        return found


class Visitor:
    """A user of a site by its name.

    Args:
        url_at: Gives the URL of what listens at an address.
        stays: Whether a connection is kept, and nobody asked while it lives.
    """

    def __init__(
        self, name: str, resolver: Resolver, url_at: Callable[[str], str], *, stays: bool = False
    ) -> None:
        self._name = name
        self._resolver = resolver
        self._url_at = url_at
        self._stays = stays
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, path: str = "/") -> tuple[int, str]:
        """Send one request; gives the status and the text that is answered."""
        connection = self._connection or self._connected()
        connection.request("GET", path, headers={"Host": self._name})
        answer = connection.getresponse()
        text = answer.read().decode()
        if self._stays and not answer.will_close:
            self._connection = connection
        else:
            self.leave()
            connection.close()
        return answer.status, text

    def leave(self) -> None:
        """End the connection, if there is one."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        addresses = self._resolver.ask(self._name)
        if not addresses:
            raise OSError(f"{self._name}: no such name")
        return http.client.HTTPConnection(urlsplit(self._url_at(addresses[0])).netloc, timeout=PATIENCE)
