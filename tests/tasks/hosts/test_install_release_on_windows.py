"""The script that installs a release on Windows, run here for real: in a folder, by a real PowerShell."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tasks.hosts.host import Host
from tests.tasks.hosts.powershell_host import needs_powershell, running_powershell_host

pytestmark = needs_powershell


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with running_powershell_host(tmp_path) as host:
        yield host


def test_a_release_becomes_current_with_its_facts_and_is_read_and_gone_back_from(host: Host) -> None:
    done = host.install("1.0")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "running 1.0 from C:\\srv\\app\\releases\\1.0\n"
    assert (host.app / "current").readlink() == host.app / "releases/1.0"
    assert json.loads((host.app / "current/release.json").read_text())["version"] == "1.0"

    assert host.install("1.1").returncode == 0
    assert (host.current, host.history) == ("1.1", ["1.0", "1.1"])
    assert host.record().stdout == 'record {"version": "1.1"} \n'
    assert host.go_back().stdout == "running 1.0 from C:\\srv\\app\\releases\\1.0\n"
    assert host.current == "1.0"
