"""How a release is restarted on an instance: never for longer than it may, and whatever it leaves running."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.tasks.hosts.bash_host import running_host
from tests.tasks.hosts.host import Host, gone

BAD = 'grep -q bad "$DESTDIR/srv/app/current/content"'


@pytest.fixture(params=["sh", "bash"])
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Host]:
    """A host whose ``sh`` is one of two, as there are in the distributions."""
    with running_host(tmp_path) as host:
        host.shell = [request.param]
        yield host
        for note in host.root.glob("*.pid"):
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(note.read_text()), signal.SIGKILL)


def test_a_restart_that_does_not_end_is_ended_with_all_that_it_started_and_the_release_before_is_back(
    host: Host,
) -> None:
    hangs = 'echo waiting for the database; sleep 50 & echo $! >"$DESTDIR/child.pid"; sleep 50'
    own = 'setsid sleep 50 >/dev/null & echo $! >"$DESTDIR/service.pid"'
    restart = f"if {BAD}; then {own}; {hangs}; fi"
    host.install("1.0", restart=restart, restart_within="1")
    began = time.monotonic()
    done = host.install("bad", restart=restart, restart_within="1")

    assert done.stderr == (
        "bad did not start (the restart had not ended after 1 s, and was ended); 1.0 is running again\n"
    )
    assert done.stdout == (
        "(what the restart said, also in /srv/app/.restart.log:)\nwaiting for the database\n"
    )
    assert (host.app / ".restart.log").read_text() == "waiting for the database\n"
    assert time.monotonic() - began < 20
    assert (host.current, gone(host, "child"), gone(host, "service")) == ("1.0", True, False)


@pytest.mark.parametrize("host", ["sh"], indirect=True)
def test_what_will_not_be_told_to_end_is_ended_all_the_same(host: Host) -> None:
    stubborn = "trap '' TERM; echo $$ >\"$DESTDIR/restart.pid\"; while :; do sleep 1; done"
    done = host.install("1.0", restart=stubborn, restart_within="1")

    assert "had not ended after 1 s, and was ended); there is no earlier release" in done.stderr
    assert gone(host, "restart")


def test_a_service_that_a_restart_leaves_holds_neither_the_deployment_nor_the_lock(host: Host) -> None:
    began = time.monotonic()
    restart = 'sleep 50 & echo $! >"$DESTDIR/service.pid"'
    done = [host.install(version, restart=restart) for version in ("1.0", "2.0")]

    assert [each.returncode for each in done] == [0, 0]
    assert [each.stderr for each in done] == ["", ""]
    assert time.monotonic() - began < 20
    assert not gone(host, "service")


@pytest.mark.parametrize("host", ["sh"], indirect=True)
@pytest.mark.exhaustive
def test_both_restarts_fit_into_the_time_that_the_script_has(host: Host) -> None:
    host.install("1.0")
    began = time.monotonic()
    done = host.install("2.0", restart="sleep 50", within="21")

    ended = r"\(the restart had not ended after \d s, and was ended\)"
    assert re.fullmatch(
        f"2.0 did not start {ended}; 1.0 did not start again either {ended}\n", done.stderr
    ), done.stderr
    assert time.monotonic() - began < 21
    assert sorted(path.name for path in host.app.glob(".restart*")) == [".restart.back.log", ".restart.log"]


def test_nothing_is_switched_that_there_is_no_time_to_restart(host: Host) -> None:
    host.install("0.9")
    host.install("1.0")
    done = [host.install("2.0", restart="true", within="16"), host.go_back(restart="true", within="10")]

    assert [each.stderr for each in done] == [
        "of 16 s too few are left to restart anything; nothing was changed\n",
        "of 10 s too few are left to restart anything; nothing was changed\n",
    ]
    assert (host.current, host.history) == ("1.0", ["0.9", "1.0"])


def test_a_restart_whose_script_was_killed_is_ended_when_it_should_be(host: Host) -> None:
    restart = 'echo $$ >"$DESTDIR/restart.pid"; sleep 50'
    script = host.script("1.0", restart=restart, restart_within="2")
    running = subprocess.Popen(
        [*host.shell, script.name],
        cwd=host.root,
        env=host.environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    note = host.root / "restart.pid"
    eventually(lambda: note.exists() and note.read_text().endswith("\n"), True)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=20)
    assert not gone(host, "restart")

    eventually(lambda: gone(host, "restart"), True)


def test_a_restart_that_says_little_is_shown_whole_and_one_that_failed_has_its_file_named(host: Host) -> None:
    well = host.install("1.0", restart="printf 'no end of line'")
    badly = host.install("1.1", restart="echo why; exit 3")
    silent = host.install("1.2", restart="exit 3")

    assert well.stdout == "no end of line\nrunning 1.0 from /srv/app/releases/1.0\n"
    assert badly.stdout.startswith("(what the restart said, also in /srv/app/.restart.log:)\nwhy\n")
    assert silent.stdout.startswith("(the restart said nothing)\n")
