import threading
import time
from collections.abc import Callable
from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.cutting import needs_cuts
from tests.gocd.rehearsal.standin_aws.conftest import Pair, eventually, get

UNKNOWN = "i-0123456789abcdef0"


def state(cloud: World, balancer: LoadBalancer, instance: Instance) -> tuple[str, str, str]:
    [told] = cloud.client("elb").describe_instance_health(
        LoadBalancerName=balancer.name, Instances=[{"InstanceId": instance.id}]
    )["InstanceStates"]
    return told["State"], told["ReasonCode"], told["Description"]


def deregister(cloud: World, balancer: LoadBalancer, instance: Instance) -> None:
    cloud.client("elb").deregister_instances_from_load_balancer(
        LoadBalancerName=balancer.name, Instances=[{"InstanceId": instance.id}]
    )


def register(cloud: World, balancer: LoadBalancer, instance: Instance) -> None:
    cloud.client("elb").register_instances_with_load_balancer(
        LoadBalancerName=balancer.name, Instances=[{"InstanceId": instance.id}]
    )


IN_SERVICE = ("InService", "N/A", "N/A")
LEAVING = ("InService", "N/A", "Instance deregistration currently in progress.")
GONE = ("OutOfService", "Instance", "Instance is not currently registered with the LoadBalancer.")
REGISTERING = ("OutOfService", "ELB", "Instance registration is still in progress.")
FAILED = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."


def test_a_new_instance_serves_after_its_healthy_threshold(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=[pair[0]], healthy_threshold=5)
    began = time.monotonic()
    register(cloud, balancer, pair[1])

    states = eventually(lambda: state(cloud, balancer, pair[1]), IN_SERVICE)

    assert states[0] == REGISTERING
    assert time.monotonic() - began >= 4 * 5 / 50
    eventually(lambda: cloud.serving(balancer), {pair[0].id, pair[1].id})


def test_an_idle_drain_ends_early(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=pair, draining=300)
    deregister(cloud, balancer, pair[0])

    states = eventually(lambda: state(cloud, balancer, pair[0]), GONE)

    assert states[0] == LEAVING


def test_a_drain_waits_for_the_request_in_flight(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=[pair[0]], draining=300)
    answers: list[str] = []
    request = threading.Thread(target=lambda: answers.append(get(f"{balancer.url}slow")))
    request.start()
    eventually(lambda: cloud.in_flight(balancer, pair[0]), 1)
    deregister(cloud, balancer, pair[0])

    eventually(lambda: state(cloud, balancer, pair[0]), GONE)

    request.join(30)
    assert answers == [pair[0].private_ip]


def test_a_drain_ends_at_its_timeout(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=[pair[0]], draining=300)
    answers: list[str] = []
    request = threading.Thread(target=lambda: answers.append(get(f"{balancer.url}slow?9")), daemon=True)
    request.start()
    eventually(lambda: cloud.in_flight(balancer, pair[0]), 1)
    deregister(cloud, balancer, pair[0])
    cloud.let_pass(290)
    assert state(cloud, balancer, pair[0]) == LEAVING
    assert not answers

    cloud.let_pass(10)
    assert state(cloud, balancer, pair[0]) == GONE
    needs_cuts(cloud)
    request.join(30)
    assert answers == ["504"]


def test_without_draining_an_instance_leaves_at_once(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=pair, draining=None)
    deregister(cloud, balancer, pair[0])

    assert state(cloud, balancer, pair[0]) == GONE
    eventually(lambda: {get(balancer.url) for _ in range(4)}, {pair[1].private_ip})


def test_an_instance_that_is_leaving_is_no_member(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=pair, draining=300)
    answer = cloud.client("elb").deregister_instances_from_load_balancer(
        LoadBalancerName="old", Instances=[{"InstanceId": pair[0].id}]
    )
    [told] = cloud.client("elb").describe_load_balancers(LoadBalancerNames=["old"])[
        "LoadBalancerDescriptions"
    ]

    assert answer["Instances"] == told["Instances"] == [{"InstanceId": pair[1].id}]
    assert state(cloud, balancer, pair[1]) == IN_SERVICE


def test_registering_again_cancels_a_drain(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=pair, draining=300)
    deregister(cloud, balancer, pair[0])
    register(cloud, balancer, pair[0])

    eventually(lambda: state(cloud, balancer, pair[0]), IN_SERVICE)


def test_a_failing_instance_is_out_of_service_until_it_recovers(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=pair)
    (pair[0].root / "unwell").write_text("500")
    eventually(lambda: state(cloud, balancer, pair[0]), ("OutOfService", "Instance", FAILED))
    eventually(lambda: cloud.serving(balancer), {pair[1].id})

    (pair[0].root / "unwell").unlink()
    eventually(lambda: state(cloud, balancer, pair[0]), IN_SERVICE)


def test_it_fails_closed(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=[pair[0]])
    (pair[0].root / "unwell").write_text("500")

    eventually(lambda: get(balancer.url), "503")


def test_a_stopped_instance_is_told_as_such(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=pair)
    cloud.client("ec2").stop_instances(InstanceIds=[pair[0].id])

    assert state(cloud, balancer, pair[0]) == ("OutOfService", "Instance", "Instance is in stopped state.")


def test_an_instance_in_another_zone_is_told_as_such(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=[pair[0]], zones=["eu-west-1a"])
    register(cloud, balancer, pair[1])

    assert state(cloud, balancer, pair[1])[:2] == ("OutOfService", "ELB")
    assert "Availability Zone" in state(cloud, balancer, pair[1])[2]


def test_who_was_never_a_member_is_told_like_who_has_left(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=[pair[0]])

    assert state(cloud, balancer, pair[1]) == GONE
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidInstance"):
        cloud.client("elb").describe_instance_health(
            LoadBalancerName="old", Instances=[{"InstanceId": UNKNOWN}]
        )


def test_the_same_instance_twice_is_one_member(cloud: World, pair: Pair) -> None:
    balancer = cloud.classic("old", instances=[pair[0]])
    register(cloud, balancer, pair[0])

    told = cloud.client("elb").describe_instance_health(LoadBalancerName="old")["InstanceStates"]
    assert [each["InstanceId"] for each in told] == [pair[0].id]


def test_an_unknown_load_balancer_is_not_found_by_any_call(cloud: World, pair: Pair) -> None:
    elb = cloud.client("elb")
    instances = [{"InstanceId": pair[0].id}]
    calls: list[Callable[[], Any]] = [
        lambda: elb.describe_load_balancers(LoadBalancerNames=["nope"]),
        lambda: elb.describe_load_balancer_attributes(LoadBalancerName="nope"),
        lambda: elb.describe_instance_health(LoadBalancerName="nope"),
        lambda: elb.register_instances_with_load_balancer(LoadBalancerName="nope", Instances=instances),
        lambda: elb.deregister_instances_from_load_balancer(LoadBalancerName="nope", Instances=instances),
    ]
    for call in calls:
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "LoadBalancerNotFound"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_it_has_settings_from_the_start(cloud: World, pair: Pair) -> None:
    elb = cloud.client("elb")
    elb.create_load_balancer(
        LoadBalancerName="plain",
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 8080}],
        AvailabilityZones=["eu-west-1a"],
    )
    attributes = elb.describe_load_balancer_attributes(LoadBalancerName="plain")["LoadBalancerAttributes"]
    [told] = elb.describe_load_balancers(LoadBalancerNames=["plain"])["LoadBalancerDescriptions"]

    assert attributes["ConnectionDraining"] == {"Enabled": False}
    assert attributes["CrossZoneLoadBalancing"] == {"Enabled": False}
    assert told["HealthCheck"]["Target"] == "TCP:8080"


def test_the_stock_waiters_end(cloud: World, pair: Pair) -> None:
    cloud.classic("old", instances=pair)
    elb = cloud.client("elb")
    member = {"LoadBalancerName": "old", "Instances": [{"InstanceId": pair[0].id}]}
    quickly = {"Delay": 0.1, "MaxAttempts": 50}

    elb.deregister_instances_from_load_balancer(**member)
    elb.get_waiter("instance_deregistered").wait(**member, WaiterConfig=quickly)
    elb.register_instances_with_load_balancer(**member)
    elb.get_waiter("instance_in_service").wait(**member, WaiterConfig=quickly)
