"""Whatever is asked of a server is over when its time is up, and nothing is sent after that."""

import socket
import threading
from contextlib import suppress

import pytest

from gocd.connection import HeedingConnection
from gocd.deadline import Late, within
from tests.dripping import WAYS, dripping

# Seconds; and by when a wait that keeps to them has surely ended on a busy machine.
LIMIT, ENDED = 0.3, 5.0


def test_an_answer_in_time_is_handed_on() -> None:
    assert within(ENDED, lambda: "well") == "well"


def test_an_error_is_raised_where_it_is_waited_for() -> None:
    def ask() -> None:
        raise ValueError("no number")

    with pytest.raises(ValueError, match="no number"):
        within(ENDED, ask)


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_that_goes_on_for_ever_is_cut(way: str) -> None:
    cut = threading.Event()

    def ask() -> bytes:
        connection = HeedingConnection(url.partition("//")[2], timeout=ENDED)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read()
        finally:
            connection.close()
            cut.set()

    with dripping(way) as url:
        with pytest.raises(Late, match="no answer within 0 s"):
            within(LIMIT, ask)
        # Sooner than the server would end it.
        assert cut.wait(ENDED)


def test_nothing_is_sent_when_time_is_up() -> None:
    heard: list[bytes] = []
    go_on, over = threading.Event(), threading.Event()

    def ask() -> None:
        go_on.wait()
        connection = HeedingConnection(f"127.0.0.1:{server.getsockname()[1]}", timeout=ENDED)
        try:
            with suppress(OSError):
                connection.request("PUT", "/")
        finally:
            connection.close()
            over.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(Late):
            within(LIMIT, ask)
        go_on.set()
        assert over.wait(ENDED)
        client, _ = server.accept()
        with client:
            heard.append(client.recv(4096))

    assert heard == [b""]


def test_what_is_asked_inside_an_exchange_ends_with_it() -> None:
    begun, refused = threading.Event(), threading.Event()

    def one() -> None:
        connection = HeedingConnection(url.partition("//")[2], timeout=ENDED)
        connection.request("GET", "/")
        begun.set()
        try:
            connection.getresponse()
        finally:
            connection.close()
            refused.set()

    with dripping("header") as url:
        with pytest.raises(Late):
            within(1, lambda: within(60, one))
        assert begun.is_set()
        assert refused.wait(ENDED)
