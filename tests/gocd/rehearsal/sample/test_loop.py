import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from gocd.rehearsal.sample.loop import Loop, Stream


class Wire:
    """A stream, and the other end of its connection."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.came = b""
        self.ended = self.gone = False
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.theirs = socket.create_connection(listener.getsockname(), timeout=30)
            ours = listener.accept()[0]
        self.stream = Stream(
            self.loop, ours, self._take, lambda: self._note("ended"), lambda: self._note("gone")
        )

    def _take(self, data: bytes) -> None:
        self.came += data

    def _note(self, what: str) -> None:
        setattr(self, what, True)


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    with made.theirs:
        yield made
        made.stream.close()
        made.loop.close()


def test_what_is_too_much_at_once_is_sent_as_it_is_read_and_then_the_connection_ends(wire: Wire) -> None:
    much = bytes(range(256)) * 20_000
    wire.stream.send(much)
    wire.stream.close()
    read: list[bytes] = []
    reading = threading.Thread(
        target=lambda: read.extend(iter(lambda: wire.theirs.recv(65_536), b"")), daemon=True
    )
    assert not wire.gone
    reading.start()
    wire.loop.run(lambda: wire.gone, 30)
    reading.join(30)

    assert b"".join(read) == much


def test_one_who_sends_no_more_may_still_be_answered(wire: Wire) -> None:
    wire.theirs.sendall(b"question")
    wire.theirs.shutdown(socket.SHUT_WR)
    wire.loop.run(lambda: wire.ended, 30)
    wire.stream.send(b"answer")

    assert (wire.came, wire.gone) == (b"question", False)
    assert wire.theirs.recv(100) == b"answer"


def test_one_who_is_gone_is_found_to_be_so_by_what_is_sent(wire: Wire) -> None:
    wire.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.theirs.close()
    wire.stream.send(b"answer")

    assert wire.gone
    assert wire.stream.closing


def test_what_is_not_read_any_more_is_not_handed_on_but_seen(wire: Wire) -> None:
    wire.stream.read_no_more()
    wire.theirs.sendall(b"late")
    wire.loop.run(lambda: False, 0.05)

    assert (wire.came, wire.stream.unread) == (b"", True)


def test_times_come_in_their_order_and_what_was_called_off_not_at_all(wire: Wire) -> None:
    done: list[str] = []
    wire.loop.later(0.02, lambda: done.append("second"))
    wire.loop.later(0.01, lambda: done.append("first"))
    wire.loop.later(0.015, lambda: done.append("never")).called_off = True
    wire.loop.run(lambda: len(done) == 2, 30)

    assert done == ["first", "second"]
