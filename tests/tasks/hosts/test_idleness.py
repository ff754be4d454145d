"""What instances say of their connections: on the stand-in AWS, whose instances have real ones."""

import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.instances import Instance, find_instance
from tasks.aws.script_result import ScriptResult
from tasks.hosts.idleness import Idleness, SsmHosts, told
from tasks.running.waiting import Wait
from tests.fakes import Stage
from tests.gocd.rehearsal.standin_aws.conftest import eventually, target_state
from tests.program import ShortSleeps
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.hosts.powershell_host import needs_powershell

CONTAINERS = """#!{python}
import socket, sys, time
listener = socket.create_server(({address!r}, {port}))
print("listens", flush=True)
time.sleep(60)
"""


def look(aws: Aws, *asked: tuple[Instance, tuple[int, ...]]) -> list[Idleness]:
    stage = Stage()
    found = SsmHosts(aws).look(
        {instance.id: (instance, ports) for instance, ports in asked},
        Wait(ShortSleeps(), stage.log),
    )
    assert sorted(found) == sorted(instance.id for instance, _ in asked)
    return [found[instance.id] for instance, _ in asked]


@contextmanager
def request_in_flight(address: str, seconds: float, *, half_closed: bool = False) -> Iterator[None]:
    with socket.create_connection((address, 8080)) as client:
        client.sendall(f"GET /slow?seconds={seconds} HTTP/1.1\r\nHost: app\r\n\r\n".encode())
        if half_closed:
            client.shutdown(socket.SHUT_WR)
        yield
        client.settimeout(seconds + 5)
        assert client.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("half_closed", [False, True], ids=["open", "said all"])
def test_a_request_in_flight_is_seen_on_its_own_instance_and_on_no_other(
    cloud: World, aws: Aws, pair: Pair, half_closed: bool
) -> None:
    one, two = (find_instance(aws, each.id) for each in pair)
    cloud.journal.clear()
    with request_in_flight(one.private_ip, 6, half_closed=half_closed):
        found = look(aws, (one, (8080,)), (two, (8080,)))

    assert found == [Idleness(1), Idleness(0)]
    assert len(cloud.journal.of("SendCommand")) == len(cloud.journal.of("DescribeInstanceInformation")) == 1
    assert cloud.journal.of("GetCommandInvocation") == []


def test_a_connection_that_comes_between_two_looks_is_seen(aws: Aws, pair: Pair) -> None:
    one = find_instance(aws, pair.one.id)
    done = threading.Event()

    def every_so_often() -> None:
        while not done.is_set():
            with request_in_flight(one.private_ip, 1.5):
                pass
            done.wait(0.3)

    client = threading.Thread(target=every_so_often)
    client.start()
    try:
        [found] = look(aws, (one, (8080,)))
    finally:
        done.set()
        client.join()

    # A look that falls between two requests may see the one that closes beside the one that opens.
    assert found in (Idleness(1), Idleness(2))


def test_connections_that_a_load_balancer_keeps_count(
    cloud: World, aws: Aws, pair: Pair, behind: MakeBalancer
) -> None:
    balancer = behind("application")
    one, two = (find_instance(aws, each.id) for each in pair)
    eventually(lambda: [target_state(cloud, balancer, each) for each in pair], ["healthy", "healthy"])
    done = threading.Event()

    def small_requests() -> None:
        while not done.wait(0.1):
            with urllib.request.urlopen(balancer.url, timeout=30) as answer:
                answer.read()

    client = threading.Thread(target=small_requests)
    client.start()
    try:
        found = look(aws, (one, (8080,)), (two, (8080,)))
    finally:
        done.set()
        client.join()

    assert sum(each.connections or 0 for each in found) >= 1, found


def test_other_ports_are_not_asked_about(aws: Aws, pair: Pair) -> None:
    one = find_instance(aws, pair.one.id)
    with socket.create_server((one.private_ip, 9090)), request_in_flight(one.private_ip, 5):
        assert look(aws, (one, (9090,))) == [Idleness(0)]


def test_a_port_that_nobody_listens_on_is_no_evidence(aws: Aws, pair: Pair) -> None:
    one, two = (find_instance(aws, each.id) for each in pair)
    found = look(aws, (one, (8080, 8081)), (two, (8080,)))

    assert found == [
        Idleness(None, "no process of the host itself listens on port 8081"),
        Idleness(0),
    ]


@pytest.mark.parametrize("name", ["docker-proxy", "dockerd", "conmon", "kube-proxy"])
def test_a_port_that_is_passed_on_to_a_container_is_no_evidence(
    aws: Aws, pair: Pair, tmp_path: Path, name: str
) -> None:
    one = find_instance(aws, pair.one.id)
    program = tmp_path / name
    program.write_text(CONTAINERS.format(python=sys.executable, address=one.private_ip, port=8081))
    program.chmod(0o755)
    with subprocess.Popen([program], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"listens\n"
        found = look(aws, (one, (8080, 8081)))
        process.kill()

    assert found == [Idleness(None, f"port 8081 is passed on to a container by {name}")]


def test_no_evidence_comes_with_words_and_never_as_an_error(cloud: World, aws: Aws, pair: Pair) -> None:
    one, two = (find_instance(aws, each.id) for each in pair)
    pair.one.agent_online = False
    assert look(aws, (one, (8080,)), (two, (8080,))) == [
        Idleness(None, "the SSM agent of Staging-1 is ConnectionLost, not Online"),
        Idleness(0),
    ]
    pair.one.agent_online = True

    pair.one.command_ends = ("Failed", "Undeliverable")
    assert look(aws, (one, (8080,)), (two, ())) == [
        Idleness(None, "SSM could not reach it"),
        Idleness(None, "Staging-2 has no port to look at"),
    ]
    pair.one.platform = "MacOS"
    [found] = look(aws, (one, (8080,)))
    assert found.why.startswith("Staging-1 runs MacOS")
    for action in ("ssm:SendCommand", "ssm:DescribeInstanceInformation"):
        cloud.faults.deny(action)
        [found] = look(aws, (two, (8080,)))
        assert found.connections is None
        assert found.why.startswith(f"AWS refused {action} on Staging-2")


@pytest.mark.exhaustive
@needs_powershell
def test_a_request_in_flight_is_seen_on_a_windows_host(
    cloud: World, aws: Aws, windows_sample: Service
) -> None:
    one = find_instance(aws, cloud.launch("Staging-1", service=windows_sample).id)
    with request_in_flight(one.private_ip, 8):
        assert look(aws, (one, (8080,))) == [Idleness(1)]


def test_windows_is_asked_in_powershell(cloud: World, aws: Aws, pair: Pair) -> None:
    one, two = (find_instance(aws, each.id) for each in pair)
    pair.one.platform = "Windows"
    found = look(aws, (one, (8080,)), (two, (8080,)))
    sent = {c["DocumentName"]: c for c in cloud.client("ssm").list_commands()["Commands"]}
    script = "\n".join(sent["AWS-RunPowerShellScript"]["Parameters"]["commands"])

    # Launched as a Linux, it has no PowerShell.
    assert found[0].connections is None
    assert found[1] == Idleness(0)
    assert script.endswith(files("tasks.hosts").joinpath("count_connections.ps1").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("output", "idleness"),
    [
        ("MARK connections 0\n", Idleness(0)),
        ("MARK connections 12\r\n", Idleness(12)),
        ("connections 0\nMARK connections 3\nconnections 0\n", Idleness(3)),
        ("MARK no evidence the port is a container's\r\n", Idleness(None, "the port is a container's")),
        ("", Idleness(None, "the script did not say how many there are")),
        ("connections 0\n", Idleness(None, "the script did not say how many there are")),
        ("MARK connections \n", Idleness(None, "the script did not say how many there are")),
        ("MARK connections: 3\n", Idleness(None, "the script did not say how many there are")),
    ],
)
def test_only_a_number_behind_the_mark_is_evidence(output: str, idleness: Idleness) -> None:
    assert told(ScriptResult(None, output), "MARK ") == idleness


def test_a_script_that_failed_has_said_nothing() -> None:
    failed = ScriptResult("it exited 1", "MARK connections 0\n")

    assert told(failed, "MARK ") == Idleness(None, "it exited 1")
