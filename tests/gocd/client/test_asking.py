"""A server is asked to the letter, and whatever else answers is told in words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import responses

from gocd.client.asking import LONGEST, Server
from gocd.client.errors import Away, BadAddress, ServerError, Unanswered, Unusable
from gocd.client.login import Login
from tests.dripping import dripping

SERVER = Server("https://gocd.example.com/go", Login("GOCD_ACCESS_TOKEN", "Bearer abc"))
STATUS = "https://gocd.example.com/go/api/pipelines/app/status"
SCHEDULE = "https://gocd.example.com/go/api/pipelines/app/schedule"


@pytest.fixture(autouse=True)
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    for name in ("HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_passthru("http://127.0.0.1")
        yield mock


def ask() -> object:
    return SERVER.get("pipelines", "app", "status", version=1).value


def order() -> object:
    return SERVER.order("pipelines", "app", "schedule", version=1).value


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gocd.example.com/go", "not an http"),
        ("ftp://gocd.example.com/go", "not an http"),
        ("https://gocd.example.com:port/go", "not an http"),
        ("https:///go", "not an http"),
        ("https://jez:badger@gocd.example.com/go", "has a login in it"),
        ("https://gocd.example.com/go?x=1", "more in it"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_at_once(url: str, words: str) -> None:
    with pytest.raises(BadAddress, match=words) as refused:
        Server(url)

    assert "badger" not in str(refused.value)


def test_a_ca_bundle_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(BadAddress, match="there is no CA bundle nowhere"):
        Server(SERVER.url, ca_bundle="nowhere.pem")


def test_names_in_a_path_are_quoted_whole() -> None:
    assert SERVER.page("pipelines", "a/b c", 12) == "https://gocd.example.com/go/pipelines/a%2Fb%20c/12"


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (
            requests.exceptions.SSLError("certificate verify failed: unable to get issuer"),
            Unusable,
            "is not trusted here",
        ),
        (requests.exceptions.SSLError("WRONG_VERSION_NUMBER"), Unusable, "TLS with"),
        (requests.exceptions.ProxyError("no"), Away, "the proxy to"),
        (requests.exceptions.ConnectTimeout("no"), Away, "cannot be reached within"),
        (requests.exceptions.ReadTimeout("no"), Unanswered, "does not answer in time"),
        (
            requests.exceptions.ConnectionError("NameResolutionError: no"),
            Away,
            "has a name that cannot be resolved",
        ),
        (requests.exceptions.ConnectionError("[Errno 111] Connection refused"), Away, "connection refused"),
        (
            requests.exceptions.ConnectionError("Connection aborted: reset by peer"),
            Unanswered,
            "was lost before it answered",
        ),
        (requests.exceptions.ChunkedEncodingError("no"), Unanswered, "broke off"),
        (OSError("Could not find a suitable TLS CA certificate bundle: secret"), Unusable, "cannot be asked"),
    ],
)
def test_no_answer_is_told_by_how_far_the_question_came(
    problem: Exception, kind: type[ServerError], words: str, web: responses.RequestsMock
) -> None:
    web.add(responses.POST, SCHEDULE, body=problem)

    with pytest.raises(ServerError, match=words) as told:
        order()
    assert type(told.value) is kind
    assert told.value.perhaps_taken is (kind is Unanswered)
    assert "secret" not in str(told.value)
    assert len(web.calls) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><title>Log in</title>", "does not answer as GoCD does: a page, 'Log in'"),
        (b"", "does not answer as GoCD does"),
        (b'{"a": NaN}', "does not answer as GoCD does"),
        (b"[" * 100_000, "does not answer as GoCD does"),
        (b" " * (LONGEST + 2), "has more than 20,000,000 bytes"),
    ],
)
def test_what_is_no_json_is_no_answer(body: bytes, words: str, web: responses.RequestsMock) -> None:
    web.add(responses.GET, STATUS, body=body)

    with pytest.raises(Unusable, match=words):
        ask()


def test_an_order_that_is_answered_with_something_else_may_have_been_taken(
    web: responses.RequestsMock,
) -> None:
    web.add(responses.POST, SCHEDULE, body=b"<title>Sign in</title>", status=200)

    with pytest.raises(Unanswered, match="does not answer as GoCD does: a page, 'Sign in'"):
        order()


def test_a_redirect_is_not_followed_with_the_login(web: responses.RequestsMock) -> None:
    web.add(responses.GET, STATUS, status=302, headers={"Location": "https://elsewhere.example.com/go"})

    with pytest.raises(Unusable, match="leads elsewhere"):
        ask()
    assert len(web.calls) == 1


def test_a_login_of_a_netrc_file_is_not_sent(
    web: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine gocd.example.com login anna password hers\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    web.add(responses.GET, STATUS, json={})
    Server(SERVER.url).get("pipelines", "app", "status", version=1)

    assert "Authorization" not in web.calls[0].request.headers


def test_a_server_that_never_comes_to_an_end_has_not_answered() -> None:
    with dripping("body") as url, pytest.raises(Unanswered, match="does not answer in time"):
        Server(f"{url}/go", patience=0.3).get("version", version=1)
