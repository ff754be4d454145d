"""One deadline over all of an exchange with a server: name, connection, TLS, redirects, headers and body.

The time limits of sockets are for one read each: a server that sends a byte a second never meets them, nor
does one that sends ``100 Continue`` for ever; and the resolver of names has none.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

Value = TypeVar("Value")


class Late(Exception):
    """There is no answer, and none will count."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:.0f} s")


def within(seconds: float, ask: Callable[[], Value]) -> Value:
    """Return what *ask* returns.

    When time is up, or the wait is interrupted, the connections that heed it (``gocd.connection``) are cut
    and send nothing more: what was not sent until then never is.

    Raises:
        Late: It has not come to its end after so many seconds.
    """
    exchange, ended = Exchange(_CURRENT.get()), SimpleQueue[Value | _Raised]()

    def work() -> None:
        _CURRENT.set(exchange)
        try:
            ended.put(ask())
        except BaseException as problem:  # noqa: BLE001 - raised again by the one who waits
            # Kept where nobody waits any more, its traceback would keep open what it passed through.
            if not exchange.over:
                ended.put(_Raised(problem))

    threading.Thread(target=copy_context().run, args=(work,), name="asks a server", daemon=True).start()
    try:
        outcome = ended.get(timeout=seconds)
    except BaseException as problem:
        exchange.cut()
        if isinstance(problem, Empty):
            raise Late(seconds) from None
        raise
    if isinstance(outcome, _Raised):
        raise outcome.problem
    return outcome


class Exchange:
    """The connections that one exchange uses; those of an exchange inside it are its own too.

    Attributes:
        over: Whether nobody waits for it any more.
    """

    def __init__(self, outer: Exchange | None) -> None:
        self._outer = outer
        self._used: set[socket.socket] = set()
        self.over = False
        self._turn = threading.Lock()

    def use(self, connected: socket.socket) -> None:
        """Know of a connection before anything is sent on it.

        Raises:
            TimeoutError: Nothing more may be.
        """
        if self._outer:
            self._outer.use(connected)
        with self._turn:
            if self.over:
                raise TimeoutError("time is up")
            self._used.add(connected)

    def cut(self) -> None:
        with self._turn:
            self.over = True
            for connected in self._used:
                with suppress(OSError):
                    # That of TLS would first have its own thread know; this one wakes it.
                    socket.socket.shutdown(connected, socket.SHUT_RDWR)


def heed(connected: socket.socket) -> None:
    """Have a connection cut when the time of the exchange that is under way in this thread is up.

    Raises:
        TimeoutError: It is.
    """
    if exchange := _CURRENT.get():
        exchange.use(connected)


@dataclass(frozen=True)
class _Raised:
    problem: BaseException


_CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
