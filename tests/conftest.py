"""The stand-in AWS for every test that wants one: one per worker, empty at the start of each test."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.models  # noqa: F401
from gocd.rehearsal.removal import remove
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.world import World

# What is imported and collected stays to the end; to look through it for garbage takes a sixth of a run.
gc.disable()

# Containers often tell Python to keep nothing that it has compiled: each worker would compile every test, and
# each program that a test starts all of this project.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# JMeter runs for seconds here: to compile it well takes longer than to run it.
os.environ.setdefault("JVM_ARGS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


# Where whole rehearsals are, and tests that run JMeter or time their own restarts.
WAITING = (
    *("/rehearsal/rehearsal/", "/rehearsal/traps/test_rehearsed", "/verify_traffic/", "/upgrade_herd/"),
    *("/hosts/test_restart", "/locking/test_held", "_network.py", "_killed.py", "/test_watch_deployment"),
    *(
        "/switch_traffic/",
        "/test_iam_policy",
        "/test_until_idle",
        "/test_users_hurt",
        "/deployers/codedeploy/",
    ),
)

# Of a worker's tests, in their order, those that the waiting ones are spread over.
SPREAD = 0.8


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "standin" in getattr(item, "fixturenames", ()):
            item.add_marker("standin")
    items[:] = spread(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def spread(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Put those that wait more than they work among those that work, in each worker's share, and none last.

    A worker begins with its share of the tests as they stand here. What is alike, such as whole rehearsals,
    comes at another time in each.
    """
    waiting: list[pytest.Item] = []
    working: list[pytest.Item] = []
    for item in items:
        (waiting if any(part in item.nodeid for part in WAITING) else working).append(item)
    size = -(-len(working) // workers)
    mixed: list[pytest.Item] = []
    for worker in range(workers):
        mine, first = waiting[worker::workers], len(waiting) * worker // workers**2
        mixed += among(mine[first:] + mine[:first], working[worker * size : (worker + 1) * size])
    return mixed


def among(waiting: list[pytest.Item], working: list[pytest.Item]) -> list[pytest.Item]:
    step = int(SPREAD * len(working) / len(waiting)) + 1 if waiting else len(working) + 1
    mixed: list[pytest.Item] = []
    for start in range(0, len(working), step):
        mixed += [*waiting[:1], *working[start : start + step]]
        waiting = waiting[1:]
    return [*mixed, *waiting]


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stand-in AWS in a hurry: first health check after 0.1 s, the next ones 50 times as often as asked."""
    folder = tmp_path_factory.mktemp("standin")
    with StandInAWS(
        folder, registration_delay=0.1, health_check_speed=50, deployment_speed=60, propagation_speed=60
    ) as aws:
        yield aws


@pytest.fixture
def cloud(standin: World) -> World:
    """The stand-in AWS with nothing in it yet."""
    standin.reset()
    return standin


@pytest.fixture
def emptied_after(tmp_path: Path) -> Iterator[None]:
    """Deletes what a test leaves that is too deep for pytest, which would stumble over it some runs later."""
    yield
    for each in tmp_path.iterdir():
        remove(each, tmp_path)
