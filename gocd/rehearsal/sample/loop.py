"""Waiting for many sockets at once, as the sample service does it.

asyncio takes twice as long to import as all else takes to start, and a rollout starts many services.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import select
import selectors
import socket
import time
from collections.abc import Callable

READ_AT_ONCE = 65_536


class Timer:
    """Something to be done at a time, unless it is called off before."""

    def __init__(self, due: float, do: Callable[[], None]) -> None:
        self.due = due
        self.do = do
        self.called_off = False


class Loop:
    """Waits for sockets and for times, and does what is to be done then."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()

    def watch(self, on: socket.socket, events: int, do: Callable[[int], None]) -> None:
        """Call *do* with what a socket is ready for, of these *events*; of none of them any more, if 0."""
        known = self._selector.get_map().get(on)
        if known and known.events == events:
            return
        if known:
            self._selector.unregister(on)
        if events:
            self._selector.register(on, events, do)

    def later(self, seconds: float, do: Callable[[], None]) -> Timer:
        timer = Timer(time.monotonic() + seconds, do)
        heapq.heappush(self._timers, (timer.due, next(self._numbers), timer))
        return timer

    def run(self, until: Callable[[], bool], seconds: float = math.inf) -> None:
        """Go on until what is asked for is so, or for so many *seconds*."""
        end = time.monotonic() + seconds
        while not until() and (now := time.monotonic()) < end:
            next_due = min(end, self._timers[0][0] if self._timers else math.inf)
            ready = self._selector.select(None if next_due == math.inf else max(0.0, next_due - now))
            for key, events in ready:
                # One before may have closed it.
                if self._selector.get_map().get(key.fd) is key:
                    key.data(events)
            while self._timers and self._timers[0][0] <= time.monotonic():
                timer = heapq.heappop(self._timers)[2]
                if not timer.called_off:
                    timer.do()

    def close(self) -> None:
        self._selector.close()


class Stream:
    """A connection: what comes is handed on as it comes, and what is sent is sent as it can be.

    Args:
        take: Gets what has come.
        ended: Called when nothing will come any more.
        gone: Called when the connection is over, for whatever reason.
    """

    def __init__(
        self,
        loop: Loop,
        connected: socket.socket,
        take: Callable[[bytes], None],
        ended: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._socket = connected
        self._take = take
        self._ended = ended
        self._gone = gone
        self._unsent = b""
        self._reading = True
        self._over = False
        self.closing = False
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch()

    @property
    def unread(self) -> bool:
        """Whether something has come that was not handed on yet."""
        look = select.poll()
        look.register(self._socket, select.POLLIN)
        return bool(look.poll(0))

    def read_no_more(self) -> None:
        self._reading = False
        self._watch()

    def send(self, data: bytes) -> None:
        self._unsent += data
        self._flush()

    def close(self) -> None:
        """End it when all is sent."""
        self.closing = True
        if self._unsent:
            self._watch()
        else:
            self._drop()

    def _watch(self) -> None:
        if self._over:
            return
        reading = selectors.EVENT_READ if self._reading and not self.closing else 0
        self._loop.watch(self._socket, reading | (selectors.EVENT_WRITE if self._unsent else 0), self._ready)

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush()
        if self._reading and not self.closing and events & selectors.EVENT_READ:
            self._read()

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            self._drop()
            return
        if data:
            self._take(data)
        else:
            self.read_no_more()
            self._ended()

    def _flush(self) -> None:
        try:
            with contextlib.suppress(BlockingIOError):
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except OSError:
            self._drop()
            return
        if self.closing and not self._unsent:
            self._drop()
        else:
            self._watch()

    def _drop(self) -> None:
        if self._over:
            return
        self._loop.watch(self._socket, 0, self._ready)
        self._over = self.closing = True
        self._socket.close()
        self._gone()
