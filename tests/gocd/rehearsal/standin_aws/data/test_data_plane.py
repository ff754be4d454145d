import threading
import urllib.error
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair, eventually, get, target_state


@contextmanager
def traffic(url: str, *, clients: int = 4) -> Iterator[Counter[str]]:
    """Send requests as fast as they are answered; counts the answers."""
    answers: Counter[str] = Counter()
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            try:
                answers[get(url)] += 1
            except (urllib.error.URLError, OSError) as error:
                answers[repr(error)] += 1

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def out(cloud: World, balancer: LoadBalancer, instance_id: str) -> None:
    if balancer.kind == "classic":
        cloud.client("elb").deregister_instances_from_load_balancer(
            LoadBalancerName=balancer.name, Instances=[{"InstanceId": instance_id}]
        )
    else:
        cloud.client("elbv2").deregister_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": instance_id}])


def back(cloud: World, balancer: LoadBalancer, instance_id: str) -> None:
    if balancer.kind == "classic":
        cloud.client("elb").register_instances_with_load_balancer(
            LoadBalancerName=balancer.name, Instances=[{"InstanceId": instance_id}]
        )
    else:
        cloud.client("elbv2").register_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": instance_id}])


def members(cloud: World, balancer: LoadBalancer) -> int:
    """Count the members, those that are leaving included."""
    if balancer.kind == "classic":
        return len(
            cloud.client("elb").describe_instance_health(LoadBalancerName=balancer.name)["InstanceStates"]
        )
    told = cloud.client("elbv2").describe_target_health(TargetGroupArn=balancer.arn)
    return len(told["TargetHealthDescriptions"])


@pytest.mark.parametrize(
    "kind",
    ["application", *(pytest.param(kind, marks=pytest.mark.exhaustive) for kind in ("network", "classic"))],
)
def test_restarting_each_instance_while_it_is_out_loses_no_request(
    cloud: World, pair: Pair, kind: str
) -> None:
    if kind == "classic":
        balancer = cloud.classic("web", instances=pair, draining=1, cross_zone=True)
    elif kind == "network":
        balancer = cloud.target_group(
            "web", kind="network", instances=pair, deregistration_delay=1, cross_zone=True
        )
    else:
        balancer = cloud.target_group("web", instances=pair, deregistration_delay=1)
    with traffic(balancer.url) as answers:
        for instance in pair:
            out(cloud, balancer, instance.id)
            eventually(lambda: members(cloud, balancer), 1)
            eventually(lambda: len(cloud.serving(balancer)), 1)
            assert cloud.restart(instance) == ""
            back(cloud, balancer, instance.id)
            cloud.wait_until_serving(balancer, pair)

    assert set(answers) == {pair[0].private_ip, pair[1].private_ip}
    assert answers.total() > 100


def test_a_draining_target_finishes_what_it_has_and_gets_nothing_new(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair, deregistration_delay=2)
    answers: list[str] = []
    slow = [
        threading.Thread(target=lambda: answers.append(get(f"{balancer.url}slow")), daemon=True)
        for _ in range(4)
    ]
    for request in slow:
        request.start()
    eventually(lambda: sum(cloud.in_flight(balancer, each) for each in pair), 4)
    out(cloud, balancer, pair[0].id)
    eventually(lambda: cloud.serving(balancer), {pair[1].id})
    with traffic(balancer.url) as after:
        assert cloud.in_flight(balancer, pair[0]) > 0
        for request in slow:
            request.join()
        eventually(lambda: cloud.in_flight(balancer, pair[0]), 0)

    assert sorted(set(answers)) == sorted(each.private_ip for each in pair)
    assert len(answers) == 4
    assert set(after) == {pair[1].private_ip}


def test_when_the_last_target_drains_nobody_serves(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]], deregistration_delay=300)
    out(cloud, balancer, pair[0].id)

    eventually(lambda: get(balancer.url), "503")
    assert cloud.serving(balancer) == set()


def test_a_target_group_without_a_healthy_target_fails_open(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair)
    for instance in pair:
        (instance.root / "unwell").write_text("500")
    failing = "unhealthy/Target.ResponseCodeMismatch"
    eventually(lambda: [target_state(cloud, balancer, each) for each in pair], [failing, failing])

    assert cloud.serving(balancer) == {pair[0].id, pair[1].id}
    assert get(balancer.url) in {pair[0].private_ip, pair[1].private_ip}


def test_a_silent_target_times_out(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair, timeout=2)
    (pair[0].root / "unwell").write_text("silent")

    eventually(lambda: target_state(cloud, balancer, pair[0]), "unhealthy/Target.Timeout")
