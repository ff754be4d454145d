"""What services, HERD and GoCD's server answer over HTTP, to the last byte of their headers."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from gocd.server import GoCDServer
from tasks.herd.answer import read_answer
from tasks.herd.build_info import BuildInfo
from tasks.running.errors import Refused
from tasks.status.check import StatusCheck
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import as_json, spoilt_bytes, spoilt_json, spoilt_values

STATUS: dict[str, Any] = {"status": "ok", "build": {"number": 7, "version": "2.0"}, "up": True}
BUILD: dict[str, Any] = {"buildInfo": {"buildNumber": "0.84.0", "buildDate": "2026-01-01"}}
BUILD_XML = (
    b'<?xml version="1.0"?>\n<buildInfo xmlns="http://x"><buildNumber>0.84.0</buildNumber></buildInfo>'
)
STAGE: dict[str, Any] = {
    "name": "out",
    "jobs": [{"name": "a", "state": "Completed"}, {"name": "b", "state": "Completed"}],
}
CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n'
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n\x1f\x8b\x08" + b"\0" * 17


def answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )


def answers(value: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Give answers whose bodies are spoilt, and such as are spoilt anywhere."""
    return st.one_of(spoilt_json(value).map(answer), spoilt_bytes(answer(as_json(value)), CHUNKED, PACKED))


@contextmanager
def answering(content: bytes) -> Iterator[str]:
    """Answer every question with these bytes, and hang up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.settimeout(5)
                        connection.recv(65_536)
                        connection.sendall(content)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def body_of(content: bytes) -> bytes:
    return content.partition(b"\r\n\r\n")[2]


@given(answers(STATUS))
@example(answer(as_json(STATUS)))
def test_a_service_is_well_only_if_it_says_so(content: bytes) -> None:
    with answering(content) as url:
        missing = read(StatusCheck(url, fields={"build.version": "2.0"}).missing)

    if missing is None:
        assert b"2.0" in content


@given(answers(BUILD))
def test_herd_answers_with_a_version_or_in_trouble(content: bytes) -> None:
    with answering(content) as url:
        told = read(BuildInfo(url, patience=5).ask, Refused)

    assert told is not None
    assert bool(told.version) is not bool(told.trouble)


@given(st.one_of(spoilt_json(BUILD), spoilt_bytes(BUILD_XML)))
@example(BUILD_XML)
def test_a_build_info_has_a_version_that_fits_a_line_or_trouble(body: bytes) -> None:
    told = read(lambda: read_answer(body))

    assert told is not None
    assert bool(told.version) is not bool(told.trouble)
    assert told.version.isprintable()


@given(answers(STAGE))
@example(answer(as_json(STAGE)))
def test_a_stage_is_over_only_if_the_server_says_so_of_every_job(content: bytes) -> None:
    with answering(content) as url:
        over = read(lambda: GoCDServer(url, "token", 5).stage_is_over("app", 1, "out", 1))

    if over:
        assert b"Completed" in content


@given(spoilt_values(STAGE))
def test_a_stage_with_a_job_that_is_no_job_is_not_over(stage: Any) -> None:
    jobs = stage.get("jobs") if isinstance(stage, dict) else None
    states = (
        [job.get("state") if isinstance(job, dict) else None for job in jobs]
        if isinstance(jobs, list)
        else []
    )

    with answering(answer(json.dumps(stage).encode())) as url:
        over = GoCDServer(url, "token", 5).stage_is_over("app", 1, "out", 1)

    assert over is not True or set(states) == {"Completed"}
