import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gocd.rehearsal.load.traffic import Traffic
from gocd.samples.measurement import measure
from tests.gocd.rehearsal.sample.running import Running, eventually, pause, unpacked


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with Running(unpacked("1.0", tmp_path)) as running:
        yield running


def get(service: Running, path: str, method: str = "GET") -> tuple[int, dict[str, str], dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.headers), json.loads(body) if body else {}


def test_every_answer_names_the_version_and_its_length(service: Running) -> None:
    for path, status in [("/", 200), ("/_status", 200), ("/slow?seconds=0", 200), ("/nowhere", 404)]:
        got, headers, _ = get(service, path)
        assert (got, headers["X-Version"]) == (status, "1.0")
        assert int(headers["Content-Length"]) > 0


def test_the_status_page_says_ok_and_the_version(service: Running) -> None:
    assert get(service, "/_status")[2] == {"status": "ok", "version": "1.0"}


def test_a_slow_answer_comes_when_it_was_asked_for(service: Running) -> None:
    start = time.monotonic()
    assert get(service, "/slow?seconds=0.3")[0] == 200
    assert time.monotonic() - start >= 0.3


@pytest.mark.parametrize("seconds", ["soon", "-1", "nan", "inf"])
def test_a_slow_answer_needs_a_length_of_time(service: Running, seconds: str) -> None:
    assert get(service, f"/slow?seconds={seconds}")[0] == 400


def test_head_is_answered_without_a_body_and_post_is_refused(service: Running) -> None:
    assert get(service, "/", "HEAD")[::2] == (200, {})
    assert get(service, "/", "POST")[0] == 405


def test_requests_on_one_connection_are_answered_in_order(service: Running) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as client:
        client.sendall(b"GET /slow?seconds=0.1 HTTP/1.1\r\n\r\nGET /nowhere HTTP/1.1\r\nConnection: clo")
        client.sendall(b"se\r\n\r\n")
        answers = b"".join(iter(lambda: client.recv(4096), b""))
    assert answers.index(b" 200 OK") < answers.index(b" 404 Not Found")


def test_an_idle_connection_is_closed_cleanly_on_sigterm(service: Running) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"keep-alive" in client.recv(4096)
        service.process.send_signal(signal.SIGTERM)
        assert client.recv(4096) == b""
        assert service.process.wait(timeout=30) == 0


def test_a_request_on_an_open_connection_after_sigterm_is_answered_as_the_last_one(service: Running) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as client:
        pause(0.1)
        service.process.send_signal(signal.SIGTERM)
        pause(0.1)
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in answer
    assert service.process.wait(timeout=30) == 0


def test_a_request_in_flight_is_finished_while_new_connections_are_refused(service: Running) -> None:
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(get(service, "/slow?seconds=1")[0]))
    asking.start()
    pause(0.3)
    service.process.send_signal(signal.SIGTERM)
    pause(0.2)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", service.port))
    asking.join()
    assert answers == [200]
    assert service.process.wait(timeout=30) == 0


@pytest.mark.parametrize(("path", "rate"), [("", 400), ("slow?seconds=0.3", 100)])
def test_a_restart_under_traffic_loses_only_what_came_while_nobody_listened(
    tmp_path: Path, path: str, rate: int
) -> None:
    jtl = tmp_path / "traffic.jtl"
    with Running(unpacked("1.0", tmp_path)) as old, Traffic(old.url + path, rate, jtl) as traffic:
        traffic.wait_until_flowing()
        pause(0.7)
        assert old.stop() == 0
        with Running(unpacked("2.0", tmp_path), old.port):
            pause(0.7)
            traffic.stop()
    measured = measure(jtl)
    assert set(measured.lost_by_kind) == {"connection refused"}
    assert set(measured.requests_per_version) == {"1.0", "2.0"}
    assert [span.versions for span in measured.versions] == [{"1.0"}, {"2.0"}]


def test_a_release_that_starts_not_exits_1(tmp_path: Path) -> None:
    release = unpacked("2.0", tmp_path, "starts-not")
    ended = subprocess.run([sys.executable, str(release / "service.py")], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, b"error: this release does not start\n")


def test_a_release_that_answers_500_does_so_everywhere(tmp_path: Path) -> None:
    with Running(unpacked("2.0", tmp_path, "answers-500")) as service:
        assert [get(service, path)[0] for path in ("/", "/_status", "/nowhere")] == [500, 500, 500]


def test_a_release_with_the_wrong_version_says_so_in_body_and_header(tmp_path: Path) -> None:
    with Running(unpacked("2.0", tmp_path, "wrong-version")) as service:
        _, headers, body = get(service, "/_status")
        assert (headers["X-Version"], body) == ("0.0", {"status": "ok", "version": "0.0"})


def test_a_release_that_fails_its_users_has_a_good_status(tmp_path: Path) -> None:
    with Running(unpacked("2.0", tmp_path, "users-get-500")) as service:
        assert [get(service, path)[0] for path in ("/", "/_status")] == [500, 200]


@pytest.mark.parametrize(("options", "status"), [((), 503), (("--hides-warm-up",), 200)])
def test_a_service_that_warms_up_answers_503_and_may_hide_it_in_its_status(
    tmp_path: Path, options: tuple[str, ...], status: int
) -> None:
    with Running(unpacked("2.0", tmp_path), 0, "--warm-up", "1", *options) as service:
        assert [get(service, path)[0] for path in ("/", "/_status")] == [503, status]
        assert eventually(lambda: get(service, "/")[0] == 200)


def test_a_service_that_ends_at_once_drops_what_it_is_at(tmp_path: Path) -> None:
    with (
        Running(unpacked("1.0", tmp_path), 0, "--ends-at-once") as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=30) as client,
    ):
        client.sendall(b"GET /slow?seconds=5 HTTP/1.1\r\n\r\n")
        pause(0.1)
        service.process.send_signal(signal.SIGTERM)
        assert client.recv(4096) == b""
        assert service.process.wait(timeout=30) == -signal.SIGTERM


def is_reset(service: Running) -> bool:
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as client:
        try:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            client.recv(4096)
        except ConnectionError:
            return True
    return False


def test_a_request_that_comes_as_an_idle_connection_is_closed_is_reset(tmp_path: Path) -> None:
    with Running(unpacked("1.0", tmp_path), 0, "--idle-limit", "0.002") as service:
        assert eventually(lambda: is_reset(service))


def test_an_idle_connection_is_closed_after_its_limit(tmp_path: Path) -> None:
    with (
        Running(unpacked("1.0", tmp_path), 0, "--idle-limit", "0.3") as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=30) as client,
    ):
        begin = time.monotonic()
        assert client.recv(4096) == b""
        assert time.monotonic() - begin >= 0.2


def test_a_port_in_use_is_an_error_in_one_line(service: Running, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(unpacked("2.0", tmp_path) / "service.py"), "--port", str(service.port)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr == f"error: cannot listen on 127.0.0.1:{service.port}: Address already in use\n"
