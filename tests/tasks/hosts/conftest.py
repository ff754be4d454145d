"""A host of each kind."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines.powershell import find_powershell
from tests.tasks.hosts.bash_host import running_host
from tests.tasks.hosts.host import Host
from tests.tasks.hosts.powershell_host import running_powershell_host
from tests.tasks.hosts.powershell_worker import Worker, running_worker
from tests.tasks.hosts.twins import Hosts


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker | None]:
    if not find_powershell():
        yield None
        return
    with running_worker(tmp_path_factory.mktemp("worker")) as worker:
        yield worker


@pytest.fixture(params=["one PowerShell", pytest.param("a PowerShell each", marks=pytest.mark.exhaustive)])
def hosts(request: pytest.FixtureRequest, tmp_path: Path, worker: Worker | None) -> Iterator[Hosts]:
    """A host of each kind; of Linux alone where there is no PowerShell."""
    with ExitStack() as stack:
        found: dict[str, Host] = {}
        for kind in ("sh", "powershell") if worker else ("sh",):
            folder = tmp_path / kind
            folder.mkdir()
            if kind == "sh":
                found[kind] = stack.enter_context(running_host(folder))
            elif request.param == "one PowerShell" and worker:
                found[kind] = stack.enter_context(worker.host(folder))
            else:
                found[kind] = stack.enter_context(running_powershell_host(folder))
        yield Hosts(found)
