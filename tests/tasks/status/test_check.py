"""What a status check asks for."""

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tasks.running.errors import TimedOut
from tasks.running.plugins import find
from tasks.status.check import GROUP, NoAnswer, StatusCheck, wait_for_status
from tasks.testing import StatusCheckCase, StatusCheckContract
from tests.dripping import WAYS, dripping
from tests.fakes import Stage


class Choosy(BaseHTTPRequestHandler):
    """Answers in XML whoever does not ask for JSON, as HERD does."""

    def do_GET(self) -> None:
        if self.path == "/two-lengths":
            self.send_response(200)
            for length in ("24", "25"):
                self.send_header("Content-Length", length)
            self.end_headers()
            return
        if self.path == "/breaks-off":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"buildNumber": "0.84.0"}')
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


def test_an_answer_of_two_lengths_is_none_and_no_fault_of_the_url(url: str) -> None:
    missing = StatusCheck(url.replace("buildInfo", "two-lengths"), fields={"buildNumber": "0.84.0"}).missing()

    assert isinstance(missing, NoAnswer)
    assert missing == "cannot be reached (its answer has two lengths)"


def test_an_answer_that_breaks_off_is_none_although_all_that_came_is_as_expected(url: str) -> None:
    missing = StatusCheck(url.replace("buildInfo", "breaks-off"), fields={"buildNumber": "0.84.0"}).missing()

    assert missing == "breaks off in its answer"


# A port of the discard protocol, which nothing here serves.
NOBODY = "127.0.0.1:9"


class TestHttp(StatusCheckContract):
    @pytest.fixture
    def case(self, url: str) -> StatusCheckCase:
        return StatusCheckCase(find(GROUP, "http", "http"), url, f"http://{NOBODY}/", "http://:x/")


class TestHttps(StatusCheckContract):
    @pytest.fixture
    def case(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StatusCheckCase]:
        certificate = certified(tmp_path)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with ThreadingHTTPServer(("127.0.0.1", 0), Choosy) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            url = f"https://127.0.0.1:{server.server_port}/buildInfo"
            yield StatusCheckCase(find(GROUP, "https", "https"), url, f"https://{NOBODY}/", "https://:x/")
            server.shutdown()


def certified(folder: Path) -> Path:
    """Write a key, and the certificate that it has signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "service")])
    now = datetime.datetime.now(datetime.timezone.utc)
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "service.pem"
    file.write_bytes(secret + certificate.public_bytes(pem))
    return file


def test_an_instance_is_asked_itself_and_not_the_proxy_that_the_agent_has(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    assert StatusCheck(url).missing() is None
    assert StatusCheck(url.replace("127.0.0.1", "localhost")).missing() is not None


def test_a_name_is_asked_for_through_the_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", url.removesuffix("/buildInfo"))

    assert StatusCheck("http://service.example.invalid/_status").missing() is None


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_goes_on_for_ever_is_none(way: str) -> None:
    with dripping(way) as url:
        missing = StatusCheck(url, fields={"buildNumber": "0.84.0"}).missing(0.4)

    assert missing == "does not answer within 0 s"


def test_a_check_of_a_sites_own_that_does_not_come_back_holds_nobody_up() -> None:
    class Hanging:
        url, expectation = "tcp://web-1:99", "anything"
        over = threading.Event()

        def missing(self) -> str | None:
            self.over.wait()
            return None

    with pytest.raises(
        TimedOut, match="Web-1: does not answer within 1 s after 1 s, asked for at tcp://web-1"
    ):
        wait_for_status(Hanging(), "Web-1", Stage().wait, 1)
    Hanging.over.set()


class Odd(Choosy):
    """Answers with whatever it is asked for."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write({"/deep": b"[" * 200_000, "/nan": b'{"version": NaN}'}[self.path])


@pytest.mark.parametrize("path", ["deep", "nan"])
def test_an_answer_that_no_json_is_ends_in_words(path: str) -> None:
    with HTTPServer(("127.0.0.1", 0), Odd) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        missing = StatusCheck(f"http://127.0.0.1:{server.server_port}/{path}", fields={"a": "b"}).missing()
        server.shutdown()

    assert missing == "answers something that is not JSON"
