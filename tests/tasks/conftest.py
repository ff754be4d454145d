"""What tests of tasks on the stand-in AWS share: a world of two instances, and the real command line."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.running.clock import SystemClock
from tests.program import SPEED, CommandLine

# The stand-in of the tests follows an order sixty times as soon as AWS does, within two seconds.
LAG = {"GOCD_TASKS_LAG": "3"}

KINDS = ("application", "network", "classic")


@pytest.fixture
def gocd_tasks(cloud: World) -> Iterator[CommandLine]:
    """The real command line and, at the same speed, its AWS: the stand-in."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    clock = cloud.parts.settings.clock
    clock.run(SPEED)
    yield CommandLine({**inherited, **cloud.environment, **LAG})
    clock.run(1)


@pytest.fixture
def aws(cloud: World, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The tasks' own way to AWS, leading to the stand-in."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    return Aws(SystemClock(), lambda _: None)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The sample service, version 1.0, laid out as a deployment would have left it."""
    archive = build_release("1.0", tmp_path_factory.mktemp("sample"))
    return Service(
        exec_start=[
            *("{python}", "{install_to}/current/service.py"),
            *("--host", "{private_ip}", "--port", "{port}"),
        ],
        install_to="/srv/app",
        archives={"/srv/app/releases/1.0": archive},
        links={"/srv/app/current": "releases/1.0"},
    )


@pytest.fixture(scope="session")
def second(sample: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The same with version 2.0."""
    archive = build_release("2.0", tmp_path_factory.mktemp("second"))
    return replace(
        sample,
        archives={"/srv/app/releases/2.0": archive},
        links={"/srv/app/current": "releases/2.0"},
    )


@pytest.fixture(scope="session")
def windows_sample(sample: Service) -> Service:
    """The same on a Windows host."""
    folder = r"C:\srv\app"
    [archive] = sample.archives.values()
    return replace(
        sample,
        install_to=folder,
        archives={rf"{folder}\releases\1.0": archive},
        links={rf"{folder}\current": "releases/1.0"},
        platform="Windows",
    )


@dataclass(frozen=True)
class Pair:
    one: Instance
    two: Instance

    def __iter__(self) -> Iterator[Instance]:
        return iter((self.one, self.two))


@pytest.fixture
def pair(cloud: World, sample: Service) -> Pair:
    """Staging-1 and Staging-2, in a zone each."""
    return Pair(
        cloud.launch("Staging-1", zone="eu-west-1a", service=sample),
        cloud.launch("Staging-2", zone="eu-west-1b", service=sample),
    )


MakeBalancer = Callable[..., LoadBalancer]


@pytest.fixture
def behind(cloud: World, pair: Pair) -> MakeBalancer:
    """Puts the pair behind a load balancer of a kind; short drains, cross-zone on."""

    def make(kind: str, name: str = "staging", drain: int = 1) -> LoadBalancer:
        instances = (pair.one, pair.two)
        if kind == "classic":
            return cloud.classic(name, instances=instances, draining=drain, cross_zone=True)
        return cloud.target_group(
            name,
            kind="network" if kind == "network" else "application",
            instances=instances,
            deregistration_delay=drain,
            cross_zone=True if kind == "network" else None,
        )

    return make
