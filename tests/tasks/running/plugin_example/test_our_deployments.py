"""What gocd-tasks asks of the kinds that we add to it."""

import socket
from contextlib import contextmanager

import pytest
from haproxy_backend import Backends
from tcp_check import TcpCheck
from via_share import ShareDeployer

from tasks.aws.instances import Instance
from tasks.deployers.deployer import Settings
from tasks.deployers.release import Release
from tasks.testing import (
    DeployerCase,
    DeployerContract,
    LoadBalancerCase,
    LoadBalancerContract,
    StatusCheckCase,
    StatusCheckContract,
)
from tests.tasks.running.haproxy import HAProxy, serving

ONE, TWO, STRANGER = (Instance(f"i-{n}", f"Web-{n}", f"10.0.0.{n}", "a", "running") for n in (1, 2, 3))


class TestBackend(LoadBalancerContract):
    @pytest.fixture
    def case(self, monkeypatch):
        haproxy = HAProxy([ONE.private_ip, TWO.private_ip])
        with serving(haproxy) as place:
            monkeypatch.setenv("HAPROXY_API", place)
            yield LoadBalancerCase(
                Backends(None), "app", (ONE, TWO), STRANGER, lambda: haproxy.in_flight(0.5)
            )


class TestShareDeployer(DeployerContract):
    @pytest.fixture
    def case(self, tmp_path):
        share, releases = tmp_path / "share", {}
        for version in ("1.0", "2.0", "3.0"):
            folder = tmp_path / version
            folder.mkdir()
            (folder / "version").write_text(version)
            releases[version] = Release("app", version, str(folder))

        @contextmanager
        def failing(instance):
            (share / instance.name).rename(tmp_path / "aside")
            (share / instance.name).touch()
            yield
            (share / instance.name).unlink()
            (tmp_path / "aside").rename(share / instance.name)

        case = DeployerCase(
            deployer=ShareDeployer(Settings(None, str(share), None, 5, 60, []), None),
            earlier=releases["2.0"],
            release=releases["3.0"],
            undeployable=Release("app", "3.0", str(tmp_path / "nothing")),
            instances=[ONE, TWO],
            runs=lambda instance: (share / instance.name / "version").read_text(),
            failing=failing,
        )
        for instance in case.instances:
            case.deploy(releases["1.0"], instance)
        return case


class TestTcpCheck(StatusCheckContract):
    @pytest.fixture
    def case(self):
        with socket.create_server(("127.0.0.1", 0)) as service:
            well = f"tcp://127.0.0.1:{service.getsockname()[1]}"
            yield StatusCheckCase(TcpCheck, well, ill="tcp://127.0.0.1:9", nonsense="tcp://127.0.0.1")
