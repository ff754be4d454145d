"""Everything is said, on whatever console: one that lacks the characters, a terminal, a full disk."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.program import PROGRAM, CommandLine
from tests.tasks.conftest import MakeBalancer, Pair

# A console's encoding, as Python is told of it, and what it is called.
CONSOLES = pytest.mark.parametrize(
    ("variables", "encoding"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "ascii"),
        ({"PYTHONIOENCODING": "cp1252"}, "cp1252"),
        ({"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"}, "ascii"),
        ({"PYTHONIOENCODING": "utf-8"}, "utf-8"),
    ],
    ids=["ascii", "cp1252", "no locale", "utf-8"],
)
# An umlaut, a character of another script, and one beyond the first 65,536.
NAME = "Z\u00fcrich-\u670d-\U0001f680"
# A byte of a file's name that is no character, as Python hands it on.
NO_CHARACTER = "\udcff"


@CONSOLES
def test_a_name_from_aws_is_written_in_characters_that_the_console_has(
    cloud: World,
    gocd_tasks: CommandLine,
    behind: MakeBalancer,
    pair: Pair,
    variables: dict[str, str],
    encoding: str,
) -> None:
    behind("application")
    cloud.client("ec2").create_tags(Resources=[pair.one.id], Tags=[{"Key": "Name", "Value": NAME}])

    done = subprocess.run(
        [PROGRAM, "detach-instance", pair.one.id, "--load-balancer", "staging", "--dry-run"],
        env={**gocd_tasks.environment, **variables},
        capture_output=True,
        check=False,
    )

    shown = NAME.encode(encoding, "backslashreplace")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"%s is %s, " % (shown, pair.one.id.encode()))
    assert b"%s: would leave staging" % shown in done.stdout


@CONSOLES
def test_a_byte_that_is_no_character_is_shown_as_one_too(variables: dict[str, str], encoding: str) -> None:
    url = f"http://127.0.0.1:1/{NO_CHARACTER}"
    done = subprocess.run(
        [PROGRAM, "check-status", "--url", url, "--status-timeout", "0.5"],
        env={**os.environ, **variables},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 3
    assert done.stdout.startswith(url.encode(encoding, "backslashreplace") + b": cannot be reached")


def test_aws_is_not_asked_for_what_is_no_character(gocd_tasks: CommandLine) -> None:
    done = gocd_tasks("detach-instance", NO_CHARACTER, "--load-balancer", "staging")

    assert done.returncode == 2
    assert done.stderr == (
        "error: ec2:DescribeInstances cannot be asked: '\\udcff' is not text in UTF-8; nothing was changed\n"
    )


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_the_live_line_of_a_terminal_is_shown_in_its_characters(encoding: str) -> None:
    terminal, side = pty.openpty()
    url = f"http://127.0.0.1:1/{NAME}"
    running = subprocess.Popen(
        [PROGRAM, "check-status", "--url", url, "--status-timeout", "1.5"],
        env={**os.environ, "PYTHONIOENCODING": encoding, "TERM": "xterm", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=side,
        stderr=subprocess.PIPE,
    )
    os.close(side)
    shown = b""
    while data := _read(terminal):
        shown += data
    os.close(terminal)
    _, error = running.communicate(timeout=30)

    words = url.encode(encoding, "backslashreplace")
    assert running.returncode == 3
    assert b"Unicode" not in shown + error
    assert shown.count(words) >= 2
    assert words in error
    assert ("\u280b".encode() in shown) == (encoding == "utf-8")
    assert shown.decode(encoding)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        # What Linux says where the other side is closed.
        return b""


def test_a_full_disk_under_its_output_does_not_stop_a_task_half_way(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [PROGRAM, "detach-instance", "Staging-1", "--load-balancer", "staging"],
            env=gocd_tasks.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert cloud.serving(made) == {pair.two.id}
