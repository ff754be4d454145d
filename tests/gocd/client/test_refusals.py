"""What a server says no with, in words that a person can go by."""

import json

import pytest

from gocd.client.errors import Away, Declined, Failed, ServerError, Unanswered, Unusable
from gocd.client.login import NOBODY, Login
from gocd.client.refusals import not_there, refusal

URL = "https://gocd.example.com/go/api/pipelines/app/status"
TOKEN = Login("GOCD_ACCESS_TOKEN", "Bearer abc")
PAGE = b"<html><head><title>502 Bad\nGateway</title></head><body>nginx</body></html>"


def said(message: str, name: str = "message") -> bytes:
    return json.dumps({name: message}).encode()


def told(
    status: int, body: bytes = b"", url: str = URL, login: Login = TOKEN, location: str = ""
) -> ServerError:
    return refusal(status, {"Location": location} if location else {}, body, url, 1, login)


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (
            409,
            said("Failed to trigger { Pipeline app is paused }"),
            "Failed to trigger { Pipeline app is paused }",
        ),
        (
            422,
            said("Variable 'A' has not been configured for pipeline 'app'."),
            "Variable 'A' has not been configured for pipeline 'app'",
        ),
        (404, said("Pipeline 'app' not found."), "Pipeline 'app' not found"),
        (400, said("Payload data is not valid JSON: x", "error"), "Payload data is not valid JSON: x"),
        (403, said("no"), "GoCD does not let GOCD_ACCESS_TOKEN do this (403: no)"),
        (429, said("Rate Limit Exceeded."), "GoCD was asked too often (429: Rate Limit Exceeded)"),
        (507, said("No space left"), "No space left"),
        (
            503,
            said("Server is in maintenance mode"),
            "GoCD takes nothing on just yet (503: Server is in maintenance mode)",
        ),
        (
            401,
            said("Invalid Personal Access Token."),
            "GoCD does not accept GOCD_ACCESS_TOKEN (401: Invalid Personal Access Token)",
        ),
        (
            422,
            json.dumps({"message": "Bad.", "data": {"errors": {"name": ["is taken"]}}}).encode(),
            "Bad. name: is taken",
        ),
        (409, b"{}", "gocd.example.com answers 409, and not as GoCD does"),
    ],
)
def test_gocds_own_words_are_passed_on(status: int, body: bytes, what: str) -> None:
    error = told(status, body)

    assert what in error.what
    assert not error.perhaps_taken
    assert isinstance(error, Declined if body != b"{}" else Unusable)


def test_a_login_where_security_is_off_is_told_to_go() -> None:
    error = told(
        401, said("Bearer authentication credentials are not required, since security has been disabled")
    )

    assert error.what == "https://gocd.example.com has its security off and refuses any login"
    assert error.advice == "Unset GOCD_ACCESS_TOKEN"


def test_who_has_no_login_is_told_how_to_have_one() -> None:
    error = told(401, said("You are not authenticated!"), login=NOBODY)

    assert error.what == "GoCD wants to know who asks (401: You are not authenticated!)"
    assert error.advice == "Set GOCD_ACCESS_TOKEN, or GOCD_USER and GOCD_PASSWORD, in the environment"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, said("order of things", "error"), Failed),
        (500, PAGE, Unanswered),
        (502, PAGE, Unanswered),
        (503, PAGE, Unanswered),
        (504, said("upstream timed out"), Unanswered),
    ],
)
def test_what_failed_may_have_been_taken(status: int, body: bytes, kind: type[ServerError]) -> None:
    error = told(status, body)

    assert type(error) is kind
    assert error.perhaps_taken
    assert error.passing is issubclass(kind, Away)


@pytest.mark.parametrize(
    ("location", "what", "advice"),
    [
        (
            "https://gocd.example.com:8154/go/x",
            "leads elsewhere, to https://gocd.example.com:8154",
            "--server https://gocd.example.com:8154/go",
        ),
        ("/go/home", "leads elsewhere (/go/home)", "--server https://gocd.example.com/go"),
        ("https://sso.example.com/oauth/start?state=1", "a page to log in at (/oauth/start)", "proxy"),
        ("", "leads elsewhere", "--server"),
    ],
)
def test_a_redirect_is_told_and_not_followed(location: str, what: str, advice: str) -> None:
    error = told(302, location=location)

    assert isinstance(error, Unusable)
    assert what in error.what
    assert advice in error.advice


INCORRECT = b"The url you are trying to reach appears to be incorrect."


@pytest.mark.parametrize(
    ("url", "body", "what", "advice"),
    [
        ("https://x/api/version", b"", "https://x has no GoCD at /api/version", "--server https://x/go"),
        (URL, INCORRECT, "does not have version 1 of /go/api/pipelines/app/status", "older or newer"),
        (URL, PAGE, "answers 404, and not as GoCD does: a page, '502 Bad Gateway'", "proxy"),
    ],
)
def test_what_is_not_there_is_told_by_what_it_may_be(url: str, body: bytes, what: str, advice: str) -> None:
    error = told(404, body, url)

    assert isinstance(error, Unusable)
    assert what in error.what
    assert advice in error.advice


def test_a_file_that_is_not_there_is_told_in_the_servers_words() -> None:
    gone = b"Console log for this job is unavailable as it may have been purged by Go or deleted externally."

    assert not_there(gone).what == gone.decode()
    assert not_there(b"").what == "it is not there"


def test_a_long_answer_is_cut() -> None:
    assert len(told(400, said("x" * 100_000)).what) < 1000
