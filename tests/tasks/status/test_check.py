"""What a status check asks for."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tasks.status.check import StatusCheck


class Choosy(BaseHTTPRequestHandler):
    """Answers in XML whoever does not ask for JSON, as HERD does."""

    def do_GET(self) -> None:
        if self.path == "/breaks-off":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"buildNumber": ')
            return
        json = "application/json" in self.headers.get("Accept", "")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"buildNumber": "0.84.0"}' if json else b"<buildNumber>0.84.0</buildNumber>")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Choosy) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/buildInfo"
        server.shutdown()


def test_fields_are_asked_for_in_json(url: str) -> None:
    assert StatusCheck(url, fields={"buildNumber": "0.84.0"}).missing() is None
    assert StatusCheck(url, fields={"buildNumber": "0.85.0"}).missing() == (
        "answers buildNumber 0.84.0, not 0.85.0"
    )
    assert StatusCheck(url).missing() is None


def test_an_answer_that_breaks_off_is_no_traceback(url: str) -> None:
    missing = StatusCheck(url.replace("buildInfo", "breaks-off"), fields={"buildNumber": "0.84.0"}).missing()

    assert missing
    assert "reached" in missing or "not JSON" in missing
