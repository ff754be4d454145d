"""The quirks of classic load balancers, each on the stand-in AWS."""

import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import find_load_balancers
from tasks.aws.classic_elb import _member
from tasks.aws.instances import find_instance
from tasks.aws.load_balancer import LoadBalancer, Member, Place, State
from tests.tasks.conftest import MakeBalancer, Pair


def found(aws: Aws) -> LoadBalancer:
    [balancer] = find_load_balancers(aws, ["staging"], find_instance(aws, "Staging-1"))
    return balancer


def member(aws: Aws, balancer: LoadBalancer, name: str = "Staging-1") -> Member:
    instance = find_instance(aws, name)
    return balancer.roster(instance).of(instance)


def in_use(url: str, users: ThreadPoolExecutor) -> None:
    for _ in range(2):
        users.submit(lambda: urllib.request.urlopen(f"{url}slow?seconds=2").read())
    time.sleep(0.3)


def test_it_calls_a_draining_instance_in_service_and_we_do_not(
    cloud: World, aws: Aws, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("classic", drain=10)
    balancer = found(aws)
    with ThreadPoolExecutor() as users:
        in_use(made.url, users)
        balancer.deregister([Place(find_instance(aws, "Staging-1"), ())])
        [raw] = cloud.client("elb").describe_instance_health(
            LoadBalancerName="staging", Instances=[{"InstanceId": pair.one.id}]
        )["InstanceStates"]

        assert raw["State"] == "InService"
        assert member(aws, balancer).state is State.LEAVING


def test_a_drain_ends_when_the_last_request_is_answered(aws: Aws, behind: MakeBalancer) -> None:
    made = behind("classic", drain=60)
    balancer = found(aws)
    with ThreadPoolExecutor() as users:
        in_use(made.url, users)
        start = time.monotonic()
        balancer.deregister([Place(find_instance(aws, "Staging-1"), ())])
        while member(aws, balancer).state is not State.OUT:
            assert time.monotonic() - start < 50
            time.sleep(0.1)


def test_without_connection_draining_it_is_out_at_once(cloud: World, aws: Aws, pair: Pair) -> None:
    cloud.classic("staging", instances=list(pair), draining=None)
    balancer = found(aws)
    balancer.deregister([Place(find_instance(aws, "Staging-1"), ())])

    assert balancer.settings().drain == 0
    assert member(aws, balancer).state is State.OUT


def test_a_stopped_instance_cannot_serve(cloud: World, aws: Aws, behind: MakeBalancer, pair: Pair) -> None:
    behind("classic")
    cloud.client("ec2").stop_instances(InstanceIds=[pair.one.id])
    balancer = found(aws)
    for _ in range(3):
        seen = member(aws, balancer)

    assert seen.state is State.STUCK
    assert "stopped state" in seen.reason


def test_an_instance_in_a_zone_that_is_not_enabled_cannot_serve(cloud: World, aws: Aws, pair: Pair) -> None:
    cloud.classic("staging", instances=[pair.two], zones=["eu-west-1b"])
    cloud.client("elb").register_instances_with_load_balancer(
        LoadBalancerName="staging", Instances=[{"InstanceId": pair.one.id}]
    )

    assert member(aws, found(aws)).state is State.STUCK


def test_zones_count_alone_with_cross_zone_off(cloud: World, aws: Aws, pair: Pair) -> None:
    cloud.classic("staging", instances=list(pair), cross_zone=False)
    balancer = found(aws)

    assert balancer.settings().zonal
    zones = {each.key: each.zone for each in balancer.roster(find_instance(aws, "Staging-1")).members}
    assert zones == {pair.one.id: "eu-west-1a", pair.two.id: "eu-west-1b"}


@pytest.mark.parametrize(
    ("state", "description", "meant"),
    [
        ("InService", "N/A", State.SERVING),
        ("InService", "Instance deregistration currently in progress.", State.LEAVING),
        ("OutOfService", "Instance is not currently registered with the LoadBalancer.", State.OUT),
        ("OutOfService", "Instance registration is still in progress.", State.JOINING),
        ("OutOfService", "Instance is in stopped state.", State.STUCK),
        ("OutOfService", "Instance is in terminated state.", State.STUCK),
        ("OutOfService", "The Availability Zone of the instance is not enabled for the LB.", State.STUCK),
        (
            "OutOfService",
            "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route "
            "traffic to.",
            State.STUCK,
        ),
        (
            "OutOfService",
            "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
            State.UNHEALTHY,
        ),
        ("OutOfService", "Instance has not passed the configured HealthyThreshold ...", State.UNHEALTHY),
        ("Unknown", "A transient error occurred. Please try again later.", State.UNKNOWN),
        ("SomethingNew", "", State.UNKNOWN),
    ],
)
def test_its_sentences_are_told_apart(state: str, description: str, meant: State) -> None:
    seen = _member({"InstanceId": "i-1", "State": state, "Description": description})

    assert seen.state is meant
