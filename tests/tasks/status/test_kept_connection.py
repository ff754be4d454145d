"""A service's idle connections, held against a load balancer's."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tasks.running.errors import Refused, TaskError
from tasks.status.kept_connection import prove_that_connections_are_kept
from tests.dripping import dripping
from tests.fakes import Stage

KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def service(answer: bytes) -> Iterator[tuple[str, Callable[[], None]]]:
    """A service that gives one answer to its first request, and what closes that connection."""
    accepted: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            accepted.append(client)
            client.recv(4096)
            client.sendall(answer)

    def end_all() -> None:
        for each in accepted:
            each.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/_status", end_all
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            end_all()


def test_a_connection_that_stays_open_for_as_long_as_asked_is_kept() -> None:
    stage = Stage()
    with service(KEPT) as (url, _):
        prove_that_connections_are_kept(url, "Web-1", stage.wait, 60)
    assert stage.clock.now() >= 60
    assert stage.lines[-1] == "Web-1: keeps an idle connection for 60 s"


def test_a_connection_that_is_closed_sooner_fails_in_words() -> None:
    stage = Stage()
    with service(KEPT) as (url, close):
        stage.clock.at(4, close)
        with pytest.raises(TaskError) as failed:
            prove_that_connections_are_kept(url, "Web-1", stage.wait, 60)
    assert failed.value.what == (
        "Web-1 closes an idle connection within 4 s, not after 60 s as it must: its users would get 502 now "
        "and then"
    )
    assert stage.clock.now() < 60


def test_a_service_that_says_that_it_closes_is_right_too() -> None:
    stage = Stage()
    with service(CLOSED) as (url, _):
        prove_that_connections_are_kept(url, "Web-1", stage.wait, 60)
    assert stage.lines == ["Web-1: keeps no connection, and says so in its answers"]


def test_nobody_listening_fails_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with pytest.raises(TaskError, match=r"Web-1: http://\S+ cannot be asked"):
        prove_that_connections_are_kept(url, "Web-1", Stage().wait, 60)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "tcp://127.0.0.1:1", "nonsense"])
def test_only_http_can_be_asked(url: str) -> None:
    with pytest.raises(Refused):
        prove_that_connections_are_kept(url, "Web-1", Stage().wait, 60)


@pytest.mark.parametrize("way", ["headers", "body"])
def test_a_service_whose_answer_goes_on_for_ever_has_not_answered(way: str) -> None:
    stage = Stage()
    with dripping(way) as url, pytest.raises(TaskError, match=r"cannot be asked \(no answer within 0 s"):
        prove_that_connections_are_kept(url, "Web-1", stage.wait, 60, patience=0.3)
