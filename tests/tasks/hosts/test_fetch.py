"""What a host says that got something else than a release: real programs, and a server's real answers."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tasks.hosts.bash_host import running_host, tools
from tests.tasks.hosts.host import Host

PROGRAMS = ("curl", "wget")


class Answers(BaseHTTPRequestHandler):
    """A server that answers everything in one way."""

    status, kind, body, missing, stalls = 200, "application/xml", b"", 0, False

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        if 300 <= self.status < 400:
            self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
        self.send_header("Content-Length", str(len(self.body) + self.missing))
        self.end_headers()
        self.wfile.write(self.body)
        if self.stalls:
            # Until the client has had enough.
            self.rfile.read(1)

    def log_message(self, format: str, *args: object) -> None:
        return


def s3_error(code: str, message: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
        "<RequestId>1</RequestId></Error>"
    ).encode()


@pytest.fixture
def answers() -> Iterator[type[Answers]]:
    class These(Answers):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), These)
    These.server_version = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield These
    server.shutdown()
    server.server_close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with running_host(tmp_path) as host:
        yield host


def asked(host: Host, answers: type[Answers], program: str) -> subprocess.CompletedProcess[str]:
    tools(host, program)
    url = f"http://{answers.server_version}/app?X-Amz-Signature=secret"
    return host.run(host.script("2.0", url=url))


PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head></html>"


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            403,
            s3_error("AccessDenied", "Request has expired"),
            "S3 answered 403 (AccessDenied: Request has expired)",
        ),
        (403, PAGE, "something between this instance and {host} answered 403 with a page"),
        (404, b"", "{host} answered 404"),
    ],
    ids=["error", "page", "nothing"],
)
def test_what_came_in_place_of_the_release_is_said(
    host: Host, answers: type[Answers], program: str, status: int, body: bytes, said: str
) -> None:
    answers.status, answers.body = status, body
    done = asked(host, answers, program)

    assert done.returncode == 1
    told = said.format(host=answers.server_version)
    assert done.stderr == f"the release could not be fetched: {told}; nothing was changed\n"
    assert host.releases == []


# wget keeps nothing of what comes with a redirect.
@pytest.mark.parametrize(
    ("program", "said"),
    [("curl", "S3 answered 307 (TemporaryRedirect: Please re-send it.)"), ("wget", "{host} answered 307")],
)
def test_a_redirect_is_said_and_not_followed(
    host: Host, answers: type[Answers], program: str, said: str
) -> None:
    answers.status, answers.body = 307, s3_error("TemporaryRedirect", "Please re-send it.")
    done = asked(host, answers, program)

    told = said.format(host=answers.server_version)
    assert done.stderr == f"the release could not be fetched: {told}; nothing was changed\n"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_page_in_place_of_the_release_is_not_called_a_wrong_checksum(
    host: Host, answers: type[Answers], program: str
) -> None:
    answers.body = PAGE
    done = asked(host, answers, program)

    between = f"something between this instance and {answers.server_version}"
    assert done.stderr == f"{between} answered with a page in place of the release; nothing was changed\n"


def test_an_answer_that_breaks_off_is_no_release_and_the_link_is_not_told(
    host: Host, answers: type[Answers]
) -> None:
    answers.body, answers.missing = b"half", 100
    done = asked(host, answers, "curl")

    assert done.returncode == 1
    assert f"the release could not be fetched from {answers.server_version} (" in done.stderr
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_server_that_cannot_be_reached_is_told_with_what_a_host_needs(host: Host, program: str) -> None:
    tools(host, program)
    done = host.run(host.script("2.0", url="http://127.0.0.1:1/app?X-Amz-Signature=secret"))

    assert done.returncode == 1
    assert done.stderr.startswith("the release could not be fetched from 127.0.0.1:1 (")
    assert "refused" in done.stderr or "connect" in done.stderr.lower()
    assert done.stderr.endswith("): look at this instance's route, proxy and clock; nothing was changed\n")
    assert "secret" not in done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_link_is_in_no_command_line(host: Host, program: str) -> None:
    """A program in front of the real one writes down the words that it was called with."""
    tools(host, program)
    real, words = host.root / "tools" / program, host.root / "words"
    target = real.readlink()
    real.unlink()
    real.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{words}\nexec {target} "$@"\n', encoding="utf-8")
    real.chmod(0o755)
    done = host.install("2.0")

    assert done.returncode == 0, done.stderr
    assert "archive" in words.read_text()
    assert "http" not in words.read_text().replace("http_code", "")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_disk_that_is_full_is_not_called_a_bad_connection(host: Host, program: str) -> None:
    """A file may have no more than 4 KB here, which a program hears of in the same call as a full disk."""
    tools(host, program)
    script = host.script("2.0", before="trap '' XFSZ; ulimit -f 8\n", sha256=host.serve(b"x" * 100_000))
    done = host.run(script)

    assert done.returncode == 1
    assert done.stderr.startswith("the release could not be written (")
    assert done.stderr.endswith("is the disk full?); nothing was changed\n")
    assert host.releases == []


def test_a_download_that_stands_still_ends(host: Host, answers: type[Answers]) -> None:
    answers.body, answers.missing, answers.stalls = b"half", 100, True
    tools(host, "curl")
    script = host.script("2.0", url=f"http://{answers.server_version}/app?X-Amz-Signature=secret")
    text = script.read_text()
    assert "--retry 3" in text
    assert "--speed-time 60" in text
    script.write_text(text.replace("--retry 3", "").replace("--speed-time 60", "--speed-time 1"))
    done = host.run(script)

    assert done.returncode == 1
    assert "the release could not be fetched from" in done.stderr
    assert "Operation too slow" in done.stderr
