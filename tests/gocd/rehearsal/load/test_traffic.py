import asyncio
import contextlib
import csv
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from gocd.rehearsal.load.open_loop import Load, OpenLoop
from gocd.rehearsal.load.traffic import Traffic, TrafficFailed
from gocd.samples.jtl import JtlWriter
from gocd.samples.measurement import measure
from tests.gocd.rehearsal.sample.running import Running, eventually, pause, unpacked
from tests.gocd.rehearsal.standin_gocd.living import gone

HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,"
    "bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect,version"
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with Running(unpacked("1.0", tmp_path)) as running:
        yield running


@pytest.fixture
def jtl(tmp_path: Path) -> Path:
    return tmp_path / "traffic.jtl"


class Misbehaving:
    """A server that does to each connection, after its request, what *behave* says."""

    def __init__(self, behave: Callable[[socket.socket], None]) -> None:
        self._behave = behave
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    @property
    def accepted(self) -> int:
        return len(self._clients)

    def __enter__(self) -> "Misbehaving":
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Unlike a close, that ends the waiting for the next connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for client in self._clients:
            client.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while client.recv(4096):
                self._behave(client)


def answer_with(data: bytes) -> Callable[[socket.socket], None]:
    def behave(client: socket.socket) -> None:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)

    return behave


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (reset, "connection reset"),
        (answer_with(b""), "connection reset"),
        (lambda client: None, "timed out"),
        (
            answer_with(
                b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            ),
            "answered 503",
        ),
        (
            answer_with(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            "answered 404",
        ),
        (
            answer_with(b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            "answered 302",
        ),
        (answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), "bad answer"),
        (answer_with(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "bad answer"),
    ],
)
def test_a_lost_request_is_lost_to_a_kind(
    behave: Callable[[socket.socket], None], kind: str, jtl: Path
) -> None:
    with Misbehaving(behave) as server, Traffic(server.url, 50, jtl, timeout_s=0.3) as traffic:
        assert eventually(lambda: traffic.progress()[1] > 0)
    measured = measure(jtl)
    assert measured.lost_by_kind == {kind: measured.sent}
    assert traffic.progress() == (measured.sent, measured.sent)


def test_where_nobody_listens_requests_are_refused_and_traffic_never_flows(jtl: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Traffic(f"http://127.0.0.1:{port}/", 50, jtl) as traffic:
        assert eventually(lambda: traffic.progress()[1] > 0)
        with pytest.raises(
            TrafficFailed, match=rf"no request to http://127.0.0.1:{port}/ succeeded \(connection refused\)"
        ):
            traffic.wait_until_flowing(0.1)


def test_an_answer_that_ends_with_its_connection_is_whole(jtl: Path) -> None:
    whole = answer_with(b"HTTP/1.1 200 OK\r\nX-Version: 7\r\n\r\nhello")
    with Misbehaving(whole) as server, Traffic(server.url, 50, jtl) as traffic:
        traffic.wait_until_flowing()
    measured = measure(jtl)
    assert measured.lost == 0
    assert measured.requests_per_version == {"7": measured.sent}


def test_a_kept_connection_that_the_service_closes_is_not_used_again(tmp_path: Path) -> None:
    held: list[float] = []

    def answer_and_close(client: socket.socket) -> None:
        # Answer and end in one packet: what is sent between the two is lost for any client.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        begin = time.monotonic()
        client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        client.close()
        held.append(time.monotonic() - begin)

    for number in range(10):
        held.clear()
        jtl = tmp_path / f"{number}.jtl"
        with Misbehaving(answer_and_close) as server, Traffic(server.url, 50, jtl) as traffic:
            traffic.wait_until_flowing()
            pause(0.5)
        # After 0.2 s the kernel sends an answer without its end, which says nothing of who is asked again.
        if max(held) < 0.1:
            break
    assert measure(jtl).lost == 0


@pytest.mark.parametrize(("blind", "lost"), [(False, False), (True, True)])
def test_a_blind_client_hears_of_a_closed_connection_only_when_it_sends(
    tmp_path: Path, jtl: Path, blind: bool, lost: bool
) -> None:
    with (
        Running(unpacked("1.0", tmp_path), 0, "--idle-limit", "0.2") as service,
        # Each of the ten has its turn after half a second.
        Traffic(service.url, 20, jtl, clients=10, blind=blind) as traffic,
    ):
        traffic.wait_until_flowing()
        pause(1.5)
        traffic.stop()
    measured = measure(jtl)
    assert bool(measured.lost) is lost
    assert set(measured.lost_by_kind) <= {"connection reset"}


def test_clients_keep_a_connection_each_and_take_turns(jtl: Path) -> None:
    answers = Misbehaving(lambda client: client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n"))
    with answers as server, Traffic(server.url, 100, jtl, clients=7) as traffic:
        traffic.wait_until_flowing()
        pause(0.5)
        traffic.stop()
    assert (server.accepted, measure(jtl).lost) == (7, 0)


@pytest.mark.parametrize(("longest", "used"), [(0.05, range(3, 20)), (30.0, range(1, 2))])
def test_a_connection_that_the_service_may_be_closing_is_not_used_again(
    jtl: Path, longest: float, used: range
) -> None:
    """A load balancer closes what rests for a minute; a request that crosses that is repeated by clients."""

    async def send_for(seconds: float, url: str) -> None:
        with JtlWriter(jtl) as results:
            load = OpenLoop(Load(urlsplit(url), 5, 5.0, longest_rest_s=longest), results, lambda: None)
            load.start()
            await asyncio.sleep(seconds)
            await load.finish()

    with Misbehaving(lambda client: client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        asyncio.run(send_for(1.1, server.url))
    assert measure(jtl).lost == 0
    assert server.accepted in used


def due_times(jtl: Path) -> list[int]:
    with jtl.open(newline="") as file:
        return sorted(int(row["timeStamp"]) for row in csv.DictReader(file))


def test_requests_are_due_at_a_fixed_rate_and_none_is_left_out(service: Running, jtl: Path) -> None:
    with Traffic(service.url, 250, jtl) as traffic:
        traffic.wait_until_flowing()
        pause(0.6)
        traffic.stop()
    due = due_times(jtl)
    assert {later - sooner for sooner, later in pairwise(due)} <= {3, 4, 5}
    assert traffic.progress() == (len(due), 0)


def test_a_stalled_service_shows_as_latency_and_gap_and_does_not_slow_the_sending(
    service: Running, jtl: Path
) -> None:
    with Traffic(service.url, 200, jtl) as traffic:
        traffic.wait_until_flowing()
        pause(0.5)
        stopped = time.monotonic()
        service.process.send_signal(signal.SIGSTOP)
        pause(0.6)
        sent_before, _ = traffic.progress()
        assert eventually(lambda: traffic.progress()[0] > sent_before)
        pause(0.4)
        stall = time.monotonic() - stopped
        service.process.send_signal(signal.SIGCONT)
        pause(0.3)
        traffic.stop()
    measured = measure(jtl)
    assert measured.lost == 0
    assert measured.longest_gap_s > stall - 0.1
    assert measured.gap_began_s >= 0.3
    assert {later - sooner for sooner, later in pairwise(due_times(jtl))} <= {4, 5, 6}
    assert measured.p50_ms is not None
    assert measured.p99_ms is not None
    # Requests that were due all through the stall waited from all of it down to nothing.
    assert measured.p50_ms < 800 * stall < measured.p99_ms


def test_a_sender_that_was_held_up_tells_how_many_requests_it_began_late(service: Running, jtl: Path) -> None:
    with Traffic(service.url, 100, jtl) as traffic:
        traffic.wait_until_flowing()
        sender = _sender(os.getpid())
        os.kill(sender, signal.SIGSTOP)
        pause(0.5)
        os.kill(sender, signal.SIGCONT)
        pause(0.2)
        traffic.stop()
    assert traffic.lateness.share_ms == 10
    assert 45 <= traffic.lateness.requests <= measure(jtl).sent
    assert traffic.lateness.late_ms >= 480


def test_a_slow_answer_delays_no_other_request(service: Running, jtl: Path) -> None:
    with Traffic(service.url + "slow?seconds=0.5", 100, jtl) as traffic:
        traffic.wait_until_flowing()
        pause(1)
    measured = measure(jtl)
    assert (measured.lost, measured.requests_per_version) == (0, {"1.0": measured.sent})
    assert measured.p50_ms is not None
    # Had one waited for another, that would be twice as long at least.
    assert 500 <= measured.p50_ms < 1000


@pytest.mark.parametrize("new_connections", [False, True])
def test_connections_are_kept_or_made_anew(jtl: Path, new_connections: bool) -> None:
    with (
        Misbehaving(lambda client: client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")) as server,
        Traffic(server.url, 100, jtl, new_connections=new_connections) as traffic,
    ):
        traffic.wait_until_flowing()
        pause(0.5)
    measured = measure(jtl)
    assert measured.lost == 0
    assert server.accepted == measured.sent if new_connections else server.accepted < measured.sent / 2


def test_the_result_file_is_a_jmeter_jtl_with_a_column_for_the_version(service: Running, jtl: Path) -> None:
    with Traffic(service.url + "_status?deep=1", 100, jtl) as traffic:
        traffic.wait_until_flowing()
    header, first, *_ = jtl.read_text(encoding="utf-8").splitlines()
    assert header == HEADER
    row = dict(zip(header.split(","), first.split(","), strict=True))
    assert row["label"] == "GET /_status"
    assert (row["responseCode"], row["responseMessage"], row["success"]) == ("200", "OK", "true")
    assert (row["failureMessage"], row["dataType"], row["version"]) == ("", "text", "1.0")
    assert row["URL"] == service.url + "_status?deep=1"
    assert int(row["elapsed"]) >= int(row["Latency"]) >= int(row["Connect"])
    assert int(row["bytes"]) > 100
    assert int(row["sentBytes"]) > 50


def test_results_can_be_read_while_they_are_written(service: Running, jtl: Path) -> None:
    with Traffic(service.url, 200, jtl) as traffic:
        traffic.wait_until_flowing()
        assert eventually(lambda: measure(jtl).sent > 100)


def test_stopping_twice_is_stopping_once(service: Running, jtl: Path) -> None:
    with Traffic(service.url, 100, jtl) as traffic:
        traffic.wait_until_flowing()
        traffic.stop()
        traffic.stop()
    assert measure(jtl).lost == 0


def test_traffic_that_broke_off_is_not_taken_for_a_whole_measurement(service: Running, jtl: Path) -> None:
    with contextlib.ExitStack() as block:
        traffic = block.enter_context(Traffic(service.url, 100, jtl))
        traffic.wait_until_flowing()
        sender = _sender(os.getpid())
        os.kill(sender, signal.SIGKILL)
        with pytest.raises(TrafficFailed, match=r"broke off \(exit status -9\)"):
            block.close()


def test_traffic_ends_when_its_parent_is_killed(service: Running, jtl: Path) -> None:
    parent = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import sys, signal; from pathlib import Path; from gocd.rehearsal.load.traffic import Traffic\n"
            "with Traffic(sys.argv[1], 100, Path(sys.argv[2])) as traffic:\n"
            "    traffic.wait_until_flowing()\n"
            "    print('flows', flush=True)\n"
            "    signal.pause()\n",
            *(service.url, str(jtl)),
        ],
        cwd=Path(__file__).parents[4],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"flows\n"
    sender = _sender(parent.pid)
    parent.kill()
    parent.communicate()
    assert gone(sender)
    assert measure(jtl).truncated is False


def _sender(parent: int) -> int:
    [sender] = [
        child.pid
        for child in psutil.Process(parent).children()
        if child.status() != psutil.STATUS_ZOMBIE and "gocd.rehearsal.load.traffic" in child.cmdline()
    ]
    return sender


@pytest.mark.parametrize("arguments", [["ftp://x/"], ["http:///"], ["http://x/", "--rate", "0"]])
def test_a_request_for_traffic_that_cannot_be_is_refused(arguments: list[str], tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gocd.rehearsal.load.traffic", *arguments, "--out", str(tmp_path / "x.jtl")],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 2
    assert not list(tmp_path.iterdir())
