"""A keep-alive connection to the service, and the requests it carries one at a time."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

from gocd.rehearsal.load.answer import Answer, BadAnswer


class Exchange:
    """One request and what became of it; all times are seconds on the event loop's clock.

    ``lost_to`` is empty for a request that was answered with 2xx; else it is the kind of loss (``refused``,
    ``reset``, ``timed out``, ``bad answer``, ``not sent``, ``HTTP 503`` and so on) and ``detail`` says more.
    """

    def __init__(self, due: float, over: Callable[[Exchange], None]) -> None:
        self.due = due
        self._over = over
        self.connection: Connection | None = None
        self.answer = Answer()
        self.connect_s = 0.0
        self.first_byte_at = 0.0
        self.ended_at = 0.0
        self.lost_to = ""
        self.detail = ""

    def end(self, at: float, lost_to: str = "", detail: str = "") -> None:
        """Say what became of the request; only the first word counts."""
        if self.ended_at:
            return
        self.ended_at = at
        if not lost_to and not 200 <= self.answer.status < 300:
            lost_to, detail = f"HTTP {self.answer.status}", self.answer.reason
        self.lost_to, self.detail = lost_to, detail
        self._over(self)


class Connection(asyncio.Protocol):
    """One connection; between requests it waits in the *idle* pool, if it is given one.

    It leaves the pool the moment the service closes it, so that no request is sent into a closed connection;
    a *blind* one stays, as in clients that hear of it only when they use it.
    """

    def __init__(self, idle: dict[Connection, None] | None, *, blind: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle = idle
        self._blind = blind
        self._exchange: Exchange | None = None
        self._rests_since = self._loop.time()

    @property
    def rests_for(self) -> float:
        """Seconds since the last request on it was answered."""
        return self._loop.time() - self._rests_since

    @property
    def is_open(self) -> bool:
        """Whether a request may be sent; the event loop tells of an end only in one of its next turns."""
        return not (self._transport.is_closing() or self._unread.poll(0))

    def carry(self, exchange: Exchange, request: bytes) -> None:
        """Send *request*, whose outcome is told to *exchange*."""
        exchange.connection = self
        self._exchange = exchange
        self._transport.write(request)

    def give_up(self, lost_to: str, detail: str) -> None:
        """End the request in flight as lost, and the connection with it."""
        self._leave(lost_to, detail)
        self._transport.abort()

    def rest(self) -> None:
        """Wait for the next request, or close where connections are used once."""
        if self._idle is None:
            self._transport.close()
        else:
            self._idle[self] = None
            self._rests_since = self._loop.time()

    def close(self) -> None:
        """Close what carries no request."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._unread = select.poll()
        self._unread.register(transport.get_extra_info("socket"), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            self.give_up("bad answer", "it was not asked for")
            return
        exchange.first_byte_at = exchange.first_byte_at or self._loop.time()
        try:
            complete = exchange.answer.feed(data)
        except BadAnswer as bad:
            self.give_up("bad answer", str(bad))
            return
        if not complete:
            return
        self._exchange = None
        if exchange.answer.keeps_open:
            self.rest()
        else:
            self._transport.close()
        exchange.end(self._loop.time())

    def eof_received(self) -> None:
        if self._exchange is None:
            self._leave("", "")
        elif self._exchange.answer.end():
            self._exchange.end(self._loop.time())
        elif self._exchange.answer.size:
            self._leave("bad answer", "it ended too early")
        else:
            self._leave("reset", "closed without an answer")

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave("reset", str(exc or "closed without an answer"))

    def _leave(self, lost_to: str, detail: str) -> None:
        exchange, self._exchange = self._exchange, None
        if self._idle is not None and not self._blind:
            self._idle.pop(self, None)
        if exchange is not None:
            exchange.end(self._loop.time(), lost_to, detail)
