"""A login, a token and a password that a command was given are nowhere to be read afterwards."""

import base64
import socket
from pathlib import Path

import pytest

from tests.answering import answering
from tests.program import CommandLine, Done
from tests.tasks.conftest import Pair
from tests.tasks.traffic.jmeter.plans import changed_plan

PASSWORD, TOKEN = "hunter2hunter2", "t0kent0ken"


def assert_hidden(done: Done, folder: Path) -> None:
    """Neither is in what was said, nor in any file that was left; that something was there is told."""
    left = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    for secret in (PASSWORD, TOKEN):
        assert secret not in done.stdout + done.stderr + left
    assert "***" in done.stdout + done.stderr


def login(url: str) -> str:
    return url.replace("://", f"://me:{PASSWORD}@") + f"?access_token={TOKEN}"


@pytest.mark.parametrize(
    ("words", "url"),
    [
        (("check-status", "--status-timeout", "0.5"), "--url"),
        (("sleep-settle", "--at-most", "1"), "--probe-url"),
    ],
)
def test_a_url_is_asked_with_its_login_and_shown_without(
    gocd_tasks: CommandLine, tmp_path: Path, words: tuple[str, ...], url: str
) -> None:
    asked: list[dict[str, str]] = []
    with answering("no", status=500, asked=asked) as address:
        done = gocd_tasks(*words, url, login(address), "--events", str(tmp_path / "e.jsonl"))

    assert done.returncode == 3
    assert_hidden(done, tmp_path)
    # What it stands for is what to ask with, of a kept connection as of any other.
    expected = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    assert {each["Authorization"] for each in asked} == {f"Basic {expected}"}


def test_a_kept_connection_is_asked_with_the_login_as_well(gocd_tasks: CommandLine, tmp_path: Path) -> None:
    asked: list[dict[str, str]] = []
    with answering("yes", asked=asked) as address:
        done = gocd_tasks("check-status", "--url", login(address), "--keep-alive", "1")

    assert (done.returncode, done.stderr) == (0, "")
    assert_hidden(done, tmp_path)
    assert len({each["Authorization"] for each in asked}) == 1
    assert len(asked) == 2


def test_what_to_run_next_shows_neither(gocd_tasks: CommandLine, pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    done = gocd_tasks(
        *("deploy-artifact", pair.one.id, str(tmp_path / "release"), "--version", "2", "--via", "command"),
        *("--status-url", login("http://127.0.0.1:1/_status"), "--status-timeout", "0.5"),
        *("--events", str(tmp_path / "e.jsonl"), "--", "true", "--token", TOKEN),
    )

    assert done.returncode == 1
    assert "Run again: gocd-tasks deploy-artifact" in done.stderr
    assert done.stderr.endswith(" -- true --token '***'\n")
    assert_hidden(done, tmp_path)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "HTTP_PROXY"])
def test_the_way_to_aws_is_told_without_its_login(gocd_tasks: CommandLine, tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://me:{PASSWORD}@127.0.0.1:{listener.getsockname()[1]}"
    more = {} if name == "AWS_ENDPOINT_URL" else {"AWS_ENDPOINT_URL": "http://aws.example.com"}
    done = gocd_tasks("detach-instance", "i-1", "--load-balancer", "staging", **{**more, name: nobody})

    assert done.returncode != 0
    assert done.stderr.startswith("error: AWS cannot be reached for ec2:DescribeInstances: ")
    assert PASSWORD not in done.stdout + done.stderr


def test_a_property_is_given_to_jmeter_where_nobody_else_can_read_it(
    gocd_tasks: CommandLine, tmp_path: Path
) -> None:
    program = tmp_path / "jmeter"
    # It says all that it was told, as its log would, and its settings' words where they hold the password.
    program.write_text(
        '#!/bin/sh\necho "told: $*"\nps -o args= -p $$\n'
        'for each; do case $each in *.properties) grep -i pass "$each"; esac; done\n'
        f"echo no login with {PASSWORD}\n"
    )
    program.chmod(0o755)
    (tmp_path / "out").mkdir()
    plan = changed_plan(tmp_path, 'testname="verify"', 'testname="${__P(password)}"')
    done = gocd_tasks(
        *("verify-traffic", str(plan), "--jmeter", str(program), "--out", str(tmp_path / "out")),
        *("--property", f"password={PASSWORD}", "--property", "host=h"),
    )

    assert done.returncode == 1
    assert "JMeter: told: -n -t" in done.stdout
    assert "JMeter: password=***" in done.stdout
    assert "JMeter: no login with ***" in done.stdout
    assert_hidden(done, tmp_path / "out")


def test_the_page_that_is_made_again_tells_how_without_what_is_secret(
    gocd_tasks: CommandLine, tmp_path: Path
) -> None:
    rows = [f"170000000{n}000,5,GET /?token={TOKEN},500,http://me:{PASSWORD}@h/,false" for n in range(2)]
    heads = "timeStamp,elapsed,label,responseCode,responseMessage,success"
    (tmp_path / "t.jtl").write_text("\n".join([heads, *rows, ""]))
    words = ("report", "--jtl", str(tmp_path / "t.jtl"), "--title", f"password={PASSWORD}")
    done = gocd_tasks(*words, "--out", str(tmp_path / "out"))

    page = (tmp_path / "out" / "report.html").read_text()
    assert done.returncode == 0
    assert PASSWORD not in page
    assert TOKEN not in page
    assert "token=***" in page
    assert "password=***" in page
