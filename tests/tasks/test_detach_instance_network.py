"""detach-instance behind a Network Load Balancer, whose word is not the end of what leads to an instance."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.cutting import needs_cuts
from tests.gocd.rehearsal.standin_aws.conftest import target_state
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.test_cli import one_error

DETACH = ("detach-instance", "Staging-1", "--load-balancer", "staging")
TERMINATION = "deregistration_delay.connection_termination.enabled"


@pytest.fixture
def staging(behind: MakeBalancer) -> LoadBalancer:
    return behind("network")


@contextmanager
def kept(cloud: World, balancer: LoadBalancer, instance: Instance) -> Iterator[socket.socket]:
    """A client that keeps its connection, which leads to *instance*."""
    port = int(balancer.url.rstrip("/").rpartition(":")[2])
    while True:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            assert answered(client)
            if cloud.in_flight(balancer, instance):
                yield client
                return


def answered(client: socket.socket) -> bool:
    """Whether a request on the connection is answered."""
    client.sendall(b"GET / HTTP/1.1\r\nHost: staging\r\n\r\n")
    return client.recv(65536).startswith(b"HTTP/1.1 200")


def test_it_ends_only_when_no_new_connection_can_come_although_the_delay_is_over(
    cloud: World, gocd_tasks: CommandLine, staging: LoadBalancer, pair: Pair
) -> None:
    # The stand-in opens new connections for two true seconds, and the command waits for two and a half.
    cloud.parts.settings.clock.run(1)
    run = gocd_tasks.start(*DETACH, "--lag", "25")
    while target_state(cloud, staging, pair.one) != "unused/Target.NotRegistered":
        assert run.returncode is None
    assert pair.one.id in cloud.serving(staging)
    out, error = run.communicate()

    assert run.returncode == 0, out + error
    assert cloud.serving(staging) == {pair.two.id}


def test_a_connection_that_stays_open_is_waited_for(
    cloud: World, gocd_tasks: CommandLine, staging: LoadBalancer, pair: Pair
) -> None:
    with kept(cloud, staging, pair.one) as client:
        run = gocd_tasks.start(*DETACH)
        lines = []
        for line in run.stdout:
            lines.append(line)
            if "connections still open: Staging-1 1" in line:
                assert answered(client)
                client.close()
        out, error = "".join(lines), run.stderr.read()

    assert run.wait() == 0, out + error
    assert f"staging: connections that are open stay, as {TERMINATION} is false" in out
    assert "Staging-1: no connection open, seen twice; the drain ends here" in out


def test_one_that_never_ends_is_told_with_the_attribute_and_the_option(
    cloud: World, gocd_tasks: CommandLine, staging: LoadBalancer, pair: Pair
) -> None:
    with kept(cloud, staging, pair.one) as client:
        late = gocd_tasks(*DETACH, "--timeout", "15")
        line = one_error(late)

        assert late.returncode == 3
        assert (
            f"connections through staging may still lead to Staging-1 (Staging-1 1), as {TERMINATION}" in line
        )
        assert "; Staging-1 is out of staging. Set it to true, or give --connections-within SECONDS" in line
        assert answered(client)

        bounded = gocd_tasks(*DETACH, "--connections-within", "10")
        assert bounded.returncode == 0, bounded.stderr
        assert "had 10 s for connections that stay" in bounded.stdout
        assert "are cut when the service stops" in bounded.stdout
        assert answered(client)

    again = gocd_tasks(*DETACH)
    assert again.returncode == 0
    assert "already detached from staging; nothing to do" in again.stdout


def test_where_the_target_group_closes_them_with_the_delay_no_host_is_asked(
    cloud: World, gocd_tasks: CommandLine, staging: LoadBalancer, pair: Pair
) -> None:
    needs_cuts(cloud)
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=staging.arn, Attributes=[{"Key": TERMINATION, "Value": "true"}]
    )
    with kept(cloud, staging, pair.one) as client:
        done = gocd_tasks(*DETACH)

        assert done.returncode == 0, done.stderr
        assert "stay" not in done.stdout
        assert cloud.journal.of("SendCommand") == []
        assert client.recv(1) == b""
