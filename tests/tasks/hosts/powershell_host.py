"""A Windows host for the scripts of --via ssm: a folder that has its drives, and a real PowerShell."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines import powershell
from tasks.hosts.script import powershell_script
from tests.tasks.hosts.host import Host, Language, running

POWERSHELL = Language(
    "powershell",
    "ps1",
    powershell_script,
    powershell.script_bytes,
    r"C:\srv\app",
    "C/srv/app",
    ["powershell.exe", *powershell.AGENT_ARGUMENTS],
)

needs_powershell = pytest.mark.skipif(
    powershell.find_powershell() is None, reason="there is no PowerShell on PATH: install one (pwsh)"
)


@contextmanager
def running_powershell_host(folder: Path, kind: type[Host] = Host) -> Iterator[Host]:
    with running(folder, POWERSHELL, kind) as host:
        programs = folder / "programs"
        programs.mkdir()
        powershell.lay_out(programs)
        host.path = f"{programs}:{host.path}"
        yield host
