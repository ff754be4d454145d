"""What is asked of a GoCD server, and what counts as its word that a stage is over."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gocd.server import GoCDServer
from tests.dripping import dripping


class Server:
    """Answers as told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: object = {}
        self.asked: list[tuple[str, str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = self.headers
                outer.asked.append((self.path, headers["Accept"], headers["Authorization"]))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "/go/elsewhere")
                self.end_headers()
                body = outer.body if isinstance(outer.body, str) else json.dumps(outer.body)
                self.wfile.write(body.encode())

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/go"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@contextmanager
def a_server() -> Iterator[Server]:
    made = Server()
    try:
        yield made
    finally:
        made.http.shutdown()
        made.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with a_server() as made:
        yield made


def jobs(*states: str) -> dict[str, object]:
    return {
        "name": "Staging-1",
        "result": "Unknown",
        "jobs": [{"name": "deploy", "state": each} for each in states],
    }


@pytest.mark.parametrize(
    ("body", "over"),
    [
        (jobs("Completed"), True),
        (jobs("Completed", "Completed"), True),
        (jobs("Completed", "Building"), False),
        (jobs("Scheduled"), False),
        (jobs("Rescheduled", "Completed"), False),
        (jobs(), None),
        ({}, None),
        ([], None),
        ({"jobs": [{}]}, None),
        ("not JSON", None),
    ],
)
def test_a_stage_is_over_when_every_job_has_completed(
    server: Server, body: object, over: bool | None
) -> None:
    server.body = body

    assert GoCDServer(server.url, "secret").stage_is_over("staging", 12, "Staging-1", 1) is over


def test_the_question_is_asked_as_the_api_wants_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password hers\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.body = jobs("Completed")
    GoCDServer(server.url, "secret").stage_is_over("a b", 12, "c/d", 3)

    assert server.asked == [
        ("/go/api/stages/a%20b/12/c%2Fd/3", "application/vnd.go.cd.v3+json", "Bearer secret")
    ]


@pytest.mark.parametrize("status", [302, 401, 403, 404, 500])
def test_any_other_answer_proves_nothing_and_is_not_followed(server: Server, status: int) -> None:
    server.status, server.body = status, jobs("Completed")

    assert GoCDServer(server.url, "secret").stage_is_over("staging", 12, "Staging-1", 1) is None
    assert len(server.asked) == 1


def test_a_server_that_is_away_proves_nothing() -> None:
    assert GoCDServer("http://127.0.0.1:1/go", "secret").stage_is_over("staging", 12, "Staging-1", 1) is None


def test_a_server_is_asked_only_with_a_token() -> None:
    url = {"GO_SERVER_URL": "https://gocd.example.com/go/"}

    assert GoCDServer.from_environment(url) is None
    assert GoCDServer.from_environment({"GOCD_ACCESS_TOKEN": "secret"}) is None
    assert GoCDServer.from_environment({**url, "GOCD_ACCESS_TOKEN": "secret"}) == GoCDServer(
        "https://gocd.example.com/go", "secret"
    )


@pytest.mark.parametrize("way", ["headers", "body"])
def test_a_server_whose_answer_goes_on_for_ever_has_said_nothing(way: str) -> None:
    with dripping(way) as url:
        said = GoCDServer(url, "secret", patience=0.3).stage_is_over("staging", 12, "Staging-1", 1)

    assert said is None
