"""What tests of verify-traffic share: the real command line, and a place where nothing else is found."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.program import CommandLine, Done, Running
from tests.tasks.verify_traffic.around import Service, Traffic


@dataclass(frozen=True)
class VerifyTraffic:
    """Runs ``gocd-tasks verify-traffic`` in a folder of its own; the JMeter it finds is the extra's."""

    gocd_tasks: CommandLine

    @property
    def folder(self) -> Path:
        return self.gocd_tasks.folder

    def __call__(self, *words: str, **variables: str) -> Done:
        return self.gocd_tasks("verify-traffic", *words, **variables)

    def start(self, *words: str, **variables: str) -> Running:
        return self.gocd_tasks.start("verify-traffic", *words, **variables)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def verify_traffic(tmp_path: Path, cache: Path) -> VerifyTraffic:
    """A PATH with little on it, so that no JMeter of this machine is taken for the extra's."""
    tools = tmp_path / "tools"
    tools.mkdir()
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "XDG_CACHE_HOME": str(cache), "HOME": str(tmp_path)}
    environment |= {name: os.environ[name] for name in ("LANG", "JVM_ARGS") if name in os.environ}
    # JMeter takes the time that it takes.
    return VerifyTraffic(CommandLine(environment, tmp_path, speed=1))


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    with service.server:
        yield service
        service.server.shutdown()
        thread.join()


@pytest.fixture
def traffic(verify_traffic: VerifyTraffic, service: Service) -> Iterator[Traffic]:
    traffic = Traffic(verify_traffic.gocd_tasks, service)
    yield traffic
    assert traffic.alone()
