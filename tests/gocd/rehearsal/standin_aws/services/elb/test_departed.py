"""What reaches an instance after it was told to leave, and what is cut: as AWS has it for each kind."""

import socket
import threading
from collections.abc import Iterator

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.settings import Settings
from gocd.rehearsal.standin_aws.world import World
from tests.cutting import needs_cuts
from tests.gocd.rehearsal.standin_aws.conftest import Pair, eventually, get, target_state
from tests.gocd.rehearsal.standin_aws.data.test_data_plane import members, out

KINDS = ("application", "network", "classic")


@pytest.fixture
def still(cloud: World) -> Iterator[World]:
    """The stand-in AWS with its time all but standing still, so that it passes when it is let."""
    clock = cloud.parts.settings.clock
    clock.run(0.001)
    yield cloud
    clock.run(1)


def behind(cloud: World, kind: str, pair: Pair, delay: int, *, terminate: bool = False) -> LoadBalancer:
    clock = cloud.parts.settings.clock
    clock.run(1)
    if kind == "classic":
        balancer = cloud.classic("web", instances=pair, draining=delay, cross_zone=True)
    else:
        balancer = cloud.target_group(
            "web",
            kind="network" if kind == "network" else "application",
            instances=pair,
            deregistration_delay=delay,
            cross_zone=True if kind == "network" else None,
        )
    if terminate:
        attribute = {"Key": "deregistration_delay.connection_termination.enabled", "Value": "true"}
        cloud.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=balancer.arn, Attributes=[attribute]
        )
    clock.run(0.001)
    return balancer


def lag(cloud: World, kind: str) -> float:
    settings: Settings = cloud.parts.settings
    return (settings.connection_lag if kind == "network" else settings.request_lag) / (
        settings.propagation_speed
    )


@pytest.mark.parametrize("kind", KINDS)
def test_new_traffic_goes_on_for_a_while_after_the_order_although_the_delay_is_over(
    still: World, pair: Pair, kind: str
) -> None:
    balancer = behind(still, kind, pair, delay=1)
    out(still, balancer, pair[0].id)
    if lag(still, kind) > 1:
        still.let_pass(1)
        assert members(still, balancer) == 1
    reached = {get(balancer.url) for _ in range(20)}

    assert reached == {pair[0].private_ip, pair[1].private_ip}
    still.let_pass(lag(still, kind))
    eventually(lambda: still.serving(balancer), {pair[1].id})
    assert {get(balancer.url) for _ in range(20)} == {pair[1].private_ip}


def test_a_network_load_balancer_takes_two_minutes_and_the_others_some_seconds() -> None:
    assert Settings.connection_lag == 120
    assert 5 <= Settings.request_lag <= 20


@pytest.mark.parametrize("kind", ["application", "classic"])
def test_a_request_that_outlives_the_delay_is_cut(still: World, pair: Pair, kind: str) -> None:
    balancer = behind(still, kind, pair, delay=10)
    needs_cuts(still)
    answers: list[str] = []
    slow = [
        threading.Thread(target=lambda: answers.append(get(f"{balancer.url}slow?4")), daemon=True)
        for _ in range(8)
    ]
    for request in slow:
        request.start()
    eventually(lambda: sum(still.in_flight(balancer, each) for each in pair), 8)
    there = still.in_flight(balancer, pair[0])
    assert there
    out(still, balancer, pair[0].id)
    still.let_pass(9)
    eventually(lambda: still.serving(balancer), {pair[1].id})
    assert answers == []

    still.let_pass(1)
    eventually(lambda: [answer[:1] for answer in answers], ["5"] * there, patience=3)
    for request in slow:
        request.join()
    assert answers[there:] == [pair[1].private_ip] * (8 - there)


def test_a_cut_in_one_group_leaves_what_another_sent_to_the_same_instance(still: World, pair: Pair) -> None:
    balancer = behind(still, "application", pair, delay=1)
    needs_cuts(still)
    still.parts.settings.clock.run(1)
    other = still.target_group("other", instances=[pair[0]])
    still.parts.settings.clock.run(0.001)
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(get(f"{other.url}slow?1")), daemon=True)
    slow.start()
    eventually(lambda: still.in_flight(other, pair[0]), 1)
    out(still, balancer, pair[0].id)
    still.let_pass(1)
    eventually(lambda: still.serving(balancer), {pair[1].id})
    slow.join()

    assert answers == [pair[0].private_ip]


def test_an_established_connection_stays_with_its_target_after_the_delay(still: World, pair: Pair) -> None:
    balancer = behind(still, "network", pair, delay=1)
    with _to(balancer, pair[0]) as kept:
        out(still, balancer, pair[0].id)
        still.let_pass(1 + lag(still, "network"))
        eventually(lambda: target_state(still, balancer, pair[0]), "unused/Target.NotRegistered")
        eventually(lambda: still.serving(balancer), {pair[1].id})

        assert [_asked(kept) for _ in range(3)] == [pair[0].private_ip] * 3


def test_it_is_closed_with_the_delay_where_the_target_group_says_so(still: World, pair: Pair) -> None:
    balancer = behind(still, "network", pair, delay=10, terminate=True)
    needs_cuts(still)
    with _to(balancer, pair[0]) as kept:
        out(still, balancer, pair[0].id)
        still.let_pass(9)
        eventually(lambda: still.serving(balancer), {pair[1].id})
        assert _asked(kept) == pair[0].private_ip

        still.let_pass(1)
        target_state(still, balancer, pair[0])
        assert kept.recv(1) == b""


def test_only_groups_without_connections_close_them_unless_told(cloud: World) -> None:
    elbv2 = cloud.client("elbv2")
    told = {}
    for protocol in ("TCP", "TLS", "UDP", "TCP_UDP", "HTTP"):
        [group] = elbv2.create_target_group(
            Name=protocol.replace("_", "-"), Protocol=protocol, Port=80, VpcId=cloud.network.vpc
        )["TargetGroups"]
        answer = elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
        attributes = {each["Key"]: each["Value"] for each in answer}
        told[protocol] = attributes.get("deregistration_delay.connection_termination.enabled")

    assert told == {"TCP": "false", "TLS": "false", "UDP": "true", "TCP_UDP": "true", "HTTP": None}


def _to(balancer: LoadBalancer, instance: Instance) -> socket.socket:
    """Connect until the connection leads to *instance*."""
    port = int(balancer.url.rstrip("/").rpartition(":")[2])
    while True:
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        if _asked(connection) == instance.private_ip:
            return connection
        connection.close()


def _asked(connection: socket.socket) -> str:
    """Ask on a connection that is kept, and give the answer."""
    connection.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
    return connection.recv(65536).decode().partition("\r\n\r\n")[2]
