"""How a release is restarted on Windows: by a real PowerShell, as in the tests of the shell's restart."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.tasks.hosts.host import Host, gone
from tests.tasks.hosts.powershell_host import needs_powershell, running_powershell_host

pytestmark = needs_powershell


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with running_powershell_host(tmp_path) as host:
        yield host
        for note in host.root.glob("*.pid"):
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(note.read_text()), signal.SIGKILL)


def child(name: str) -> str:
    """A command that leaves a process running, with whatever it has open, and notes its id."""
    return f"""& sh -c 'sleep 60 & echo $! >"$DESTDIR/{name}.pid"'"""


@pytest.mark.exhaustive
def test_what_a_restart_leaves_holds_nothing_and_what_it_says_stays_in_a_file(host: Host) -> None:
    began = time.monotonic()
    warns = "[Console]::Error.WriteLine('a warning')"
    talks = f'{child("service")}; {warns}; 1..30 | ForEach-Object {{ "line $_ gr\u00fc\u00dfe" }}'
    well = host.install("1.0", restart=talks)
    badly = host.install("1.1", restart="Restart-Service app; }")

    assert (well.returncode, well.stderr, gone(host, "service")) == (0, "", False)
    assert well.stdout.startswith(
        "(31 lines in all, in C:\\srv\\app\\.restart.log; the last ones:)\nline 16 gr\u00fc\u00dfe\n"
    )
    assert time.monotonic() - began < 50
    assert badly.stderr == "1.1 did not start; 1.0 did not start again either\n"
    assert badly.stdout.startswith("(what the restart said, also in C:\\srv\\app\\.restart.log:)\n")
    assert "Unexpected token '}'" in badly.stdout
    assert "(what the restart said, also in C:\\srv\\app\\.restart.back.log:)\n" in badly.stdout


@pytest.mark.exhaustive
def test_a_restart_that_does_not_end_is_ended_with_all_that_it_started_and_the_release_before_is_back(
    host: Host,
) -> None:
    host.install("1.0")
    bad = '(Get-Content "$env:DESTDIR/C/srv/app/current/content") -eq "bad"'
    hangs = f"if ({bad}) {{ 'waiting for the database'; {child('child')}; Start-Sleep 60 }}"
    began = time.monotonic()
    # On a busy machine a PowerShell starts in 5 s, and the restart of 1.0 has to fit in as well.
    done = host.install("bad", restart=hangs, restart_within="15")

    assert done.stderr == (
        "bad did not start (the restart had not ended after 15 s, and was ended); 1.0 is running again\n"
    )
    assert done.stdout == (
        "(what the restart said, also in C:\\srv\\app\\.restart.log:)\nwaiting for the database\n"
    )
    assert time.monotonic() - began < 50
    assert (host.current, gone(host, "child")) == ("1.0", True)


def test_nothing_is_switched_that_there_is_no_time_to_restart(host: Host) -> None:
    done = host.install("1.0", restart="'never run'", within="16")

    assert done.stderr == "of 16 s too few are left to restart anything; nothing was changed\n"
    assert not (host.app / "current").exists()
