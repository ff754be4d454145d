"""HERD's buildInfo, asked over real connections: both formats, logins, redirects, TLS."""

import base64
import gzip
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.herd.answer import Answer, read_answer
from tasks.herd.build_info import BuildInfo
from tasks.running.errors import Refused
from tests.dripping import dripping

JSON = b'{"buildUser":"root","buildDate":"20181203_190947","buildNumber":"0.84.0"}'
XML = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><buildInformation><buildOs>Linux</buildOs>'
    b"<buildUser>root</buildUser><buildDate>20181203_190947</buildDate><buildNumber>0.84.0</buildNumber>"
    b"</buildInformation>"
)
BUILT = Answer("0.84.0", "20181203_190947")


@dataclass
class Site:
    """A server whose answers a test gives, and the logins and paths that it was asked with."""

    port: int
    scheme: str = "http"
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def url(self, path: str = "/buildInfo", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


MakeSite = Callable[..., Site]


@pytest.fixture
def site() -> Iterator[MakeSite]:
    servers: list[ThreadingHTTPServer] = []

    def make(*, tls: ssl.SSLContext | None = None) -> Site:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                accept, login = (self.headers.get(name, "") for name in ("Accept", "Authorization"))
                made.asked.append((self.path, accept, login))
                status, headers, body = made.answers[self.path]
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        servers.append(server)
        made = Site(server.server_address[1], "https" if tls else "http")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return made

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (JSON, BUILT),
        (b'\xef\xbb\xbf  {"buildInformation": ' + JSON + b"}", BUILT),
        (b'{"a": {"b": ' + JSON + b"}}", BUILT),
        (XML, BUILT),
        (b"<answer>" + XML.partition(b"?>")[2] + b"</answer>", BUILT),
        (b'<h:build xmlns:h="urn:h"><h:buildNumber> 0.84.0\n</h:buildNumber></h:build>', Answer("0.84.0")),
        (b"<b><buildNumber>0.84<![CDATA[.0]]></buildNumber></b>", Answer("0.84.0")),
        (b'{"buildNumber": "0.84.0"}', Answer("0.84.0")),
        (b'{"buildNumber": "0.8\\u001b[2J"}', Answer("0.8 [2J")),
        (b'{"buildNumber": null}', Answer(trouble="answers without a buildNumber")),
        (b'{"buildNumber": " \\u0007"}', Answer(trouble="answers without a buildNumber")),
        (b'{"buildNumber": {"deep": 1}}', Answer(trouble="answers without a buildNumber")),
        (b"[]", Answer(trouble="answers without a buildNumber")),
        (b"7", Answer(trouble="answers without a buildNumber")),
        (b"<buildInformation/>", Answer(trouble="answers without a buildNumber")),
        (b"<b><buildNumber/></b>", Answer(trouble="answers without a buildNumber")),
        (b"", Answer(trouble="answers something that is neither XML nor JSON")),
        (b"Welcome", Answer(trouble="answers something that is neither XML nor JSON")),
        (b"<b><buildNumber>0.84.0</b>", Answer(trouble="answers something that is neither XML nor JSON")),
        (b"<b>" * 100_000, Answer(trouble="answers something that is neither XML nor JSON")),
        (b"[" * 100_000, Answer(trouble="answers something that is neither XML nor JSON")),
        (
            b'<!DOCTYPE b [<!ENTITY a "0.84.0">]><b><buildNumber>&a;</buildNumber></b>',
            Answer(trouble="answers XML with a DOCTYPE, which is not read"),
        ),
        (
            b"<!DOCTYPE html><html><body>Log in</body></html>",
            Answer(trouble="answers XML with a DOCTYPE, which is not read"),
        ),
    ],
)
def test_an_answer_is_read_in_whatever_it_is_wrapped(body: bytes, expected: Answer) -> None:
    assert read_answer(body) == expected


def test_json_is_asked_for_and_whatever_comes_is_taken(site: MakeSite) -> None:
    herd = site()
    herd.answers["/buildInfo"] = (200, {"Content-Type": "application/xml"}, XML)
    first = BuildInfo(herd.url()).ask()
    herd.answers["/buildInfo"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(JSON))
    second = BuildInfo(herd.url()).ask()

    assert first == second == BUILT
    assert herd.asked[0] == ("/buildInfo", "application/json, application/xml;q=0.9", "")


def test_an_answer_without_end_is_read_no_further_than_it_can_be_true(site: MakeSite) -> None:
    herd = site()
    bomb = gzip.compress(b'{"buildNumber": "' + b"x" * 20_000_000)
    herd.answers["/buildInfo"] = (200, {"Content-Encoding": "gzip"}, bomb)

    assert BuildInfo(herd.url()).ask().trouble == "answers something that is neither XML nor JSON"


@pytest.mark.parametrize(
    ("status", "login", "trouble", "hopeless"),
    [
        (401, None, "answers 401: it wants HERD_USER and HERD_PASSWORD", True),
        (403, ("ann", "secret"), "answers 403: HERD_USER or HERD_PASSWORD is wrong", True),
        (404, None, "answers 404", False),
        (503, None, "answers 503", False),
        (302, None, "answers 302", False),
    ],
)
def test_an_answer_that_is_none_is_said_in_words(
    site: MakeSite, status: int, login: tuple[str, str] | None, trouble: str, hopeless: bool
) -> None:
    herd = site()
    herd.answers["/buildInfo"] = (status, {}, b"")

    assert BuildInfo(herd.url(), login).ask() == Answer(trouble=trouble, hopeless=hopeless)


def test_the_password_goes_with_a_redirect_on_the_same_host_only(site: MakeSite) -> None:
    herd, other = site(), site()
    herd.answers["/buildInfo"] = (302, {"Location": "/moved"}, b"")
    herd.answers["/moved"] = (307, {"Location": other.url("/elsewhere")}, b"")
    other.answers["/elsewhere"] = (200, {}, JSON)
    answer = BuildInfo(herd.url(), ("ann", "secret")).ask()

    assert answer == BUILT
    assert [(path, login) for path, _, login in herd.asked + other.asked] == [
        ("/buildInfo", basic("ann", "secret")),
        ("/moved", basic("ann", "secret")),
        ("/elsewhere", ""),
    ]


def test_another_host_that_wants_a_password_is_named(site: MakeSite) -> None:
    herd, other = site(), site()
    login_in_address = other.url("/login").replace("://", "://ann:other@")
    herd.answers["/buildInfo"] = (301, {"Location": login_in_address}, b"")
    other.answers["/login"] = (401, {}, b"")
    answer = BuildInfo(herd.url(), ("ann", "secret")).ask()

    assert answer.trouble == "answers 401: it leads to 127.0.0.1, which is not given the password"
    assert [login for _, _, login in other.asked] == [""]


def test_a_login_of_the_agents_netrc_is_not_used(
    site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    herd = site()
    herd.answers["/buildInfo"] = (200, {}, JSON)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password elses\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    BuildInfo(herd.url()).ask()

    assert [login for _, _, login in herd.asked] == [""]


def test_redirects_come_to_an_end(site: MakeSite) -> None:
    herd = site()
    herd.answers["/buildInfo"] = (302, {"Location": "/buildInfo"}, b"")
    answer = BuildInfo(herd.url()).ask()

    assert answer == Answer(trouble="leads on to other addresses more than 5 times", hopeless=True)
    assert len(herd.asked) == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://["])
def test_a_redirect_to_what_is_no_web_address_is_not_followed(site: MakeSite, location: str) -> None:
    herd = site()
    herd.answers["/buildInfo"] = (302, {"Location": location}, b"")
    answer = BuildInfo(herd.url()).ask()

    assert answer.trouble.startswith("cannot be asked (")
    assert answer.hopeless


def test_nobody_there_is_worth_another_try(site: MakeSite) -> None:
    assert BuildInfo("http://127.0.0.1:9/buildInfo").ask() == Answer(
        trouble="cannot be reached (connection refused)"
    )


@pytest.mark.parametrize(
    "url", ["", "herd", "ftp://herd/x", "http://", "http://herd:x/", "https://[", "//h/x"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="--build-info-url is not an http"):
        BuildInfo(url)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(Refused) as refused:
        BuildInfo("https://ann:secret@herd/buildInfo")

    assert "secret" not in f"{refused.value.what} {refused.value.advice}"
    assert "ann" not in f"{refused.value.what} {refused.value.advice}"


@dataclass(frozen=True)
class Authority:
    """A CA of our own, and a certificate that it gave to 127.0.0.1."""

    ca: Path
    context: ssl.SSLContext


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    request = ("req", "-newkey", "rsa:2048", "-nodes")
    openssl(*request, "-x509", "-subj", "/CN=Our CA", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2")
    openssl(*request, "-subj", "/CN=herd", "-keyout", "herd.key", "-out", "herd.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(
        *("x509", "-req", "-in", "herd.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
        *("-days", "2", "-extfile", "names", "-out", "herd.pem"),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "herd.pem", folder / "herd.key")
    return Authority(folder / "ca.pem", context)


def test_a_private_ca_is_trusted_when_it_is_named(
    site: MakeSite, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    herd = site(tls=authority.context)
    herd.answers["/buildInfo"] = (200, {}, JSON)
    unknown = BuildInfo(herd.url()).ask()
    named = BuildInfo(herd.url(), ca_bundle=str(authority.ca)).ask()
    other_name = BuildInfo(herd.url(host="localhost"), ca_bundle=str(authority.ca)).ask()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.ca))
    by_environment = BuildInfo(herd.url()).ask()

    assert named == by_environment == BUILT
    for each in (unknown, other_name):
        assert each.trouble.startswith("cannot be asked: its certificate is not one that this agent trusts")
        assert each.hopeless


def test_a_password_never_leaves_tls_by_a_redirect(site: MakeSite, authority: Authority) -> None:
    herd, plain = site(tls=authority.context), site()
    herd.answers["/buildInfo"] = (302, {"Location": plain.url("/plain")}, b"")
    plain.answers["/plain"] = (200, {}, JSON)
    BuildInfo(herd.url(), ("ann", "secret"), str(authority.ca)).ask()

    assert [login for _, _, login in plain.asked] == [""]


def test_a_ca_bundle_that_is_missing_or_broken_is_told(
    site: MakeSite, authority: Authority, tmp_path: Path
) -> None:
    herd = site(tls=authority.context)
    with pytest.raises(Refused, match="there is no CA bundle"):
        BuildInfo("https://herd/buildInfo", ca_bundle=str(tmp_path / "nothing"))
    (tmp_path / "broken.pem").write_text("no certificate")
    answer = BuildInfo(herd.url(), ca_bundle=str(tmp_path / "broken.pem")).ask()

    assert answer.hopeless


@pytest.mark.parametrize("way", ["headers", "body"])
def test_an_answer_that_goes_on_for_ever_is_none(way: str) -> None:
    with dripping(way) as url:
        assert BuildInfo(url, patience=0.3).ask() == Answer(trouble="does not answer within 0 s")


def test_a_site_that_leads_on_to_another_has_no_more_time_for_that(site: MakeSite) -> None:
    with dripping("headers") as url:
        first = site()
        first.answers["/buildInfo"] = (302, {"Location": f"{url}/"}, b"")

        assert BuildInfo(first.url(), patience=0.5).ask().trouble == "does not answer within 0 s"
