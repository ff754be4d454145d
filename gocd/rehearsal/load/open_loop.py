"""Requests sent at a fixed rate, whatever the answers: the open loop."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult

from gocd.rehearsal.load.connection import Connection, Exchange
from gocd.rehearsal.load.lateness import Lateness
from gocd.samples.jtl import NO_ANSWER, JtlWriter

# This machine could not make the connection; the service was not asked.
OUT_OF_SOCKETS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}


# Half of the time after which load balancers close what nobody uses (AWS, Application Load Balancers guide:
# connection idle timeout, 60 s). A client repeats a request that a kept connection was closed under
# (RFC 9110, 9.2.2), so a user has not lost it.
LONGEST_REST_S = 30.0


@dataclass(frozen=True)
class Load:
    """What to send: where to, requests per second, seconds until a request counts as lost, and over what.

    Without *new_connections* those that are idle are used again, the last one first. *clients* keep a
    connection each instead, and take turns; *blind* ones send on it without a look whether it was closed
    meanwhile, as clients with a pool of blocking sockets do. What has rested for longer than *longest_rest_s*
    is not used again: a request might cross the load balancer's closing it, which clients repeat unasked.
    """

    url: SplitResult
    rate: float
    timeout_s: float
    new_connections: bool = False
    clients: int = 0
    blind: bool = False
    longest_rest_s: float = LONGEST_REST_S

    @property
    def request(self) -> bytes:
        """The bytes of each request."""
        lines = [
            f"GET {self.url.path or '/'}{'?' + self.url.query if self.url.query else ''} HTTP/1.1",
            f"Host: {self.url.netloc}",
            "User-Agent: gocd-tasks-rehearsal",
            "Accept: */*",
            f"Connection: {'close' if self.new_connections else 'keep-alive'}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


class OpenLoop:
    """Sends request i at ``start + i / rate`` and measures it from that time, sent late or not.

    A stall therefore shows in the latency of every request that was due while it lasted. The event loop wakes
    up to 1 ms late, which is part of the latency; of how many it was later than that, ``lateness`` tells.
    """

    def __init__(self, load: Load, jtl: JtlWriter, first_success: Callable[[], object]) -> None:
        self._load = load
        self._jtl = jtl
        self._first_success = first_success
        self._loop = asyncio.get_running_loop()
        self._request = load.request
        self._label = f"GET {load.url.path or '/'}"
        self._idle: dict[Connection, None] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._deadlines: dict[Exchange, asyncio.TimerHandle] = {}
        self._succeeded = 0
        self.sent = 0
        self.lost = 0
        self._late, self._late_s = 0, 0.0

    def start(self) -> None:
        self._start = self._loop.time()
        # One clock for everything: the wall clock may be set while traffic flows.
        self._since_1970 = time.time() - self._start
        self._timer = self._loop.call_soon(self._send_what_is_due)

    async def finish(self) -> None:
        """Send no more, and wait for the requests in flight; none takes longer than its time-out."""
        self._timer.cancel()
        while self._deadlines:
            await asyncio.sleep(0.01)
        while self._idle:
            self._idle.popitem()[0].close()
        # Each is closed in the loop's next turn.
        await asyncio.sleep(0)

    @property
    def lateness(self) -> Lateness:
        return Lateness(1000 / self._load.rate, self._late, 1000 * self._late_s)

    def _send_what_is_due(self) -> None:
        due = self._start + self.sent / self._load.rate
        while due <= (now := self._loop.time()):
            self._late += now - due > 1 / self._load.rate
            self._late_s = max(self._late_s, now - due)
            self._send(due)
            due = self._start + self.sent / self._load.rate
        self._timer = self._loop.call_at(due, self._send_what_is_due)

    def _send(self, due: float) -> None:
        self.sent += 1
        exchange = Exchange(due, self._over)
        connection = self._idle_connection()
        opening = None
        if connection is not None and not connection.is_open:
            self._deadlines[exchange] = self._loop.call_at(
                due, exchange.end, self._loop.time(), "reset", "the kept connection had been closed"
            )
            return
        if connection is None:
            opening = self._loop.create_task(self._open(exchange))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)
        else:
            connection.carry(exchange, self._request)
        self._deadlines[exchange] = self._loop.call_at(
            due + self._load.timeout_s, self._time_out, exchange, opening
        )

    def _idle_connection(self) -> Connection | None:
        while self._idle:
            if self._load.clients:
                if len(self._idle) + len(self._deadlines) < self._load.clients:
                    return None
                connection = next(iter(self._idle))
                del self._idle[connection]
            else:
                # The one used last: those left over stay quiet, and the service may close them.
                connection, _ = self._idle.popitem()
                if connection.rests_for > self._load.longest_rest_s:
                    connection.close()
                    continue
            if connection.is_open or self._load.blind:
                return connection
        return None

    async def _open(self, exchange: Exchange) -> None:
        pool = None if self._load.new_connections else self._idle
        started = self._loop.time()
        try:
            _, connection = await self._loop.create_connection(
                lambda: Connection(pool, blind=self._load.blind),
                self._load.url.hostname or "",
                self._load.url.port or 80,
            )
        except OSError as error:
            exchange.end(self._loop.time(), _kind_of(error), str(error))
        else:
            exchange.connect_s = self._loop.time() - started
            connection.carry(exchange, self._request)

    def _time_out(self, exchange: Exchange, opening: asyncio.Task[None] | None) -> None:
        reason = f"no answer in {self._load.timeout_s:g} s"
        if exchange.connection is not None:
            exchange.connection.give_up("timed out", reason)
        elif opening is not None:
            opening.cancel()
            exchange.end(self._loop.time(), "timed out", reason)

    def _over(self, exchange: Exchange) -> None:
        self._deadlines.pop(exchange).cancel()
        if exchange.lost_to:
            self.lost += 1
        else:
            self._succeeded += 1
            if self._succeeded == 1:
                self._first_success()
        self._record(exchange)

    def _record(self, exchange: Exchange) -> None:
        answer, lost_to = exchange.answer, exchange.lost_to
        in_flight = len(self._deadlines) + 1
        due_ms = self._ms(exchange.due)
        answered = not lost_to or lost_to.startswith("HTTP ")
        self._jtl.write(
            due_ms,
            # Both ends are rounded down alike, so that timeStamp + elapsed is the time of the answer.
            self._ms(exchange.ended_at) - due_ms,
            self._label,
            answer.status if answered else NO_ANSWER + lost_to,
            answer.reason if answered else exchange.detail,
            "traffic 1-1",
            "text",
            "false" if lost_to else "true",
            f"{lost_to}: {exchange.detail}" if lost_to else "",
            answer.size,
            len(self._request),
            in_flight,
            in_flight,
            self._load.url.geturl(),
            self._ms(exchange.first_byte_at) - due_ms if exchange.first_byte_at else 0,
            0,
            round(exchange.connect_s * 1000),
            answer.version,
        )

    def _ms(self, at: float) -> int:
        return int((self._since_1970 + at) * 1000)


def _kind_of(error: OSError) -> str:
    if error.errno in OUT_OF_SOCKETS:
        return "not sent"
    if isinstance(error, ConnectionResetError):
        return "reset"
    return "timed out" if isinstance(error, TimeoutError) else "refused"
