"""A server that cannot be asked is told in one line: what happened, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import TOKEN, private_tls, serving
from tests.program import CommandLine, Done

APP = pipeline(stage("one", bash("true")), name="app")
TOKEN_IS_SET = {"GOCD_ACCESS_TOKEN": TOKEN}


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine({"PATH": "/usr/bin:/bin"}, tmp_path)


def told(done: Done) -> str:
    """The one line that it ends with; nothing was done, and no secret is in it."""
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    [error] = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert "; nothing was changed" in error
    assert TOKEN not in error
    return error


@pytest.mark.parametrize(
    ("words", "variables", "code", "what", "advice"),
    [
        (
            (),
            {},
            2,
            "which GoCD server is meant is not known",
            "Name it: --server https://gocd.example.com/go",
        ),
        (
            ("--server", "gocd.example.com"),
            {},
            2,
            "the server's address is not an http",
            "https://gocd.example.com/go",
        ),
        (
            (),
            {"GO_SERVER_URL": "https://jez:badger@gocd/go"},
            2,
            "the server's address has a login in it",
            "GOCD_ACCESS_TOKEN",
        ),
        (
            ("--server", "http://127.0.0.1:1/go"),
            {},
            1,
            "http://127.0.0.1:1 cannot be reached (connection refused)",
            "Check --server",
        ),
        (
            ("--server", "http://gocd.invalid/go"),
            {},
            1,
            "http://gocd.invalid has a name that cannot be resolved here",
            "Check --server",
        ),
        (
            ("--server", "https://gocd.invalid/go", "--ca-bundle", "no.pem"),
            {},
            2,
            "there is no CA bundle no.pem",
            "",
        ),
        (
            ("--server", "https://gocd.invalid/go"),
            {"GOCD_USER": "jez"},
            2,
            "GOCD_USER and GOCD_PASSWORD go together",
            "",
        ),
        (
            ("--server", "https://gocd.invalid/go"),
            {"HTTPS_PROXY": "http://127.0.0.1:1"},
            1,
            "the proxy to https://gocd.invalid cannot be reached",
            "See HTTPS_PROXY",
        ),
    ],
)
def test_what_cannot_be_asked_is_told(
    words: tuple[str, ...], variables: dict[str, str], code: int, what: str, advice: str, line: CommandLine
) -> None:
    done = line("pipeline", "status", "app", *words, **variables)

    assert told(done).startswith(f"error: {what}")
    assert advice in done.stderr
    assert done.returncode == code


def test_a_login_that_a_server_without_security_refuses_is_told_to_go(
    line: CommandLine, tmp_path: Path
) -> None:
    with serving(tmp_path / "gocd", APP) as gocd:
        refused = line("pipeline", "status", "app", "--server", gocd.url, **TOKEN_IS_SET)
        done = line("pipeline", "status", "app", "--server", gocd.url)
        root = line("pipeline", "status", "app", "--server", gocd.url.removesuffix("/go"))

    server = gocd.url.removesuffix("/go")
    assert told(refused) == (
        f"error: {server} has its security off and refuses any login; nothing was changed. "
        "Unset GOCD_ACCESS_TOKEN"
    )
    assert done.returncode == 0
    assert told(root) == (
        f"error: {server} has no GoCD at /api/pipelines/app/history; nothing was changed. "
        f"GoCD's own address ends in /go: --server {server}/go"
    )


def test_a_certificate_of_a_sites_own_is_trusted_where_it_is_named(line: CommandLine, tmp_path: Path) -> None:
    context, ca = private_tls(tmp_path)
    with serving(tmp_path / "gocd", APP, tls=context) as gocd:
        untrusted = line("pipeline", "status", "app", "--server", gocd.url)
        trusted = line("pipeline", "status", "app", "--server", gocd.url, "--ca-bundle", str(ca))
        plain = line("pipeline", "status", "app", "--server", gocd.url.replace("https", "http"))

    assert "has a certificate that is not trusted here; " in told(untrusted)
    assert "--ca-bundle FILE" in untrusted.stderr
    assert trusted.returncode == 0
    assert "was lost before it answered" in told(plain)


def test_plain_http_where_tls_is_asked_for_is_told(line: CommandLine, tmp_path: Path) -> None:
    with serving(tmp_path / "gocd", APP) as gocd:
        done = line("pipeline", "status", "app", "--server", gocd.url.replace("http", "https"))

    assert "fails; nothing was changed. Does it speak https, and on this port?" in told(done)


@contextmanager
def answering(status: int, body: str, location: str = "") -> Iterator[str]:
    """Something that is no GoCD."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/go"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "location", "what"),
    [
        (200, "<title>Sign in</title>", "", "does not answer as GoCD does: a page, 'Sign in'"),
        (502, "<title>Bad Gateway</title>", "", "answers 502, and not as GoCD does"),
        (302, "", "https://gocd.example.com/go/api", "leads elsewhere, to https://gocd.example.com"),
        (200, '{"pipelines": [{"name": "app", "counter": "x"}]}', "", "is not what its API says"),
        (200, '{"pipelines": ["\\u202e"]}', "", "is not what its API says"),
    ],
)
def test_what_is_no_gocd_is_told(status: int, body: str, location: str, what: str, line: CommandLine) -> None:
    with answering(status, body, location) as url:
        done = line("pipeline", "status", "app", "--server", url)

    assert what in told(done)
    assert done.returncode == 1


def test_the_server_of_the_running_job_is_asked_where_none_is_named(
    line: CommandLine, tmp_path: Path
) -> None:
    with serving(tmp_path / "gocd", APP) as gocd:
        done = line("pipeline", "status", "app", GO_SERVER_URL=gocd.url)

    assert (done.returncode, done.stderr) == (0, "")
