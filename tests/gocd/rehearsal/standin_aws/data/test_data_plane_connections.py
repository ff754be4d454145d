"""Connections to instances: how long they are kept, and what a user sees of one that is closed."""

import threading
import time
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair, eventually, get

# Seconds, both more than one.
IDLE, LONG_BEFORE = 3, 1.5


def behind(cloud: World, kind: str, pair: Pair) -> LoadBalancer:
    return (
        cloud.classic("web", instances=pair[:1])
        if kind == "classic"
        else cloud.target_group("web", instances=pair[:1])
    )


def kept(instance: Instance) -> set[str]:
    """The ends of the connections that lead to an instance: the address and port they come from."""
    octets = [f"{int(each):02X}" for each in reversed(instance.private_ip.split("."))]
    to = f"{''.join(octets)}:{8080:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return {row[1] for row in rows if row[2] == to and row[3] == "01"}


@pytest.mark.parametrize("kind", ["application", "classic"])
def test_a_connection_is_kept_for_the_idle_timeout_and_no_longer(cloud: World, pair: Pair, kind: str) -> None:
    balancer = behind(cloud, kind, pair)
    if kind == "classic":
        cloud.client("elb").modify_load_balancer_attributes(
            LoadBalancerName="web",
            LoadBalancerAttributes={"ConnectionSettings": {"IdleTimeout": IDLE}},
        )
    else:
        cloud.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=balancer.load_balancer_arn,
            Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": str(IDLE)}],
        )
    cloud.wait_until_serving(balancer, pair[:1])
    # The first may be made while the new time-out is on its way to the data plane.
    for _ in range(3):
        before = kept(pair[0])
        assert get(balancer.url) == pair[0].private_ip
        asked = time.monotonic()
        # Those of health checks come and go.
        at_once = kept(pair[0]) - before
        threading.Event().wait(LONG_BEFORE)
        lasting = at_once & kept(pair[0])
        if lasting:
            break

    assert lasting
    eventually(lambda: lasting & kept(pair[0]), set())
    assert time.monotonic() - asked > IDLE - 0.5


def test_unless_it_is_set_it_is_a_minute(cloud: World, pair: Pair) -> None:
    for kind in ("application", "classic"):
        behind(cloud, kind, pair)
    cloud.parts.reconciliation.catch_up()

    assert [pool.idle for pool in cloud.parts.elb.pools()] == [60, 60]


@pytest.mark.parametrize(("kind", "status"), [("application", "502"), ("classic", "504")])
def test_a_request_whose_instance_closes_the_connection_is_answered_as_by_aws(
    cloud: World, pair: Pair, kind: str, status: str
) -> None:
    balancer = behind(cloud, kind, pair)
    answers: list[str] = []
    request = threading.Thread(target=lambda: answers.append(get(f"{balancer.url}slow?9")), daemon=True)
    request.start()
    eventually(lambda: cloud.in_flight(balancer, pair[0]), 1)
    cloud.restart(pair[0])
    request.join(5)

    assert answers == [status]
