"""Targets that are addresses of any interface, inside of the VPC and outside."""

from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.address_targets import address_group, give_address, give_interface
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.second_vpc import SecondVpc
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair, eventually, get
from tests.gocd.rehearsal.standin_aws.service import SERVICE


def told(cloud: World, balancer: LoadBalancer) -> list[dict[str, Any]]:
    answer = cloud.client("elbv2").describe_target_health(TargetGroupArn=balancer.arn)
    return [each["Target"] for each in answer["TargetHealthDescriptions"]]


def test_an_instance_answers_at_the_secondary_addresses_that_it_was_given(cloud: World, pair: Pair) -> None:
    first, second = (each.private_ip.rpartition(".")[0] + ".200" for each in pair)
    give_address(cloud, pair[0], first)
    give_interface(cloud, pair[1], second)
    balancer = address_group(cloud, "web", [first], wait=False)
    cloud.wait_until_serving(balancer, [pair[0]])

    assert get(balancer.url) == pair[0].private_ip
    assert told(cloud, balancer) == [{"Id": first, "Port": 8080, "AvailabilityZone": "eu-west-1a"}]

    cloud.client("elbv2").register_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": second}])
    cloud.wait_until_serving(balancer, pair)


@pytest.mark.parametrize("which", [0, 1])
def test_instances_are_found_by_every_address_of_their_interfaces(
    cloud: World, pair: Pair, which: int
) -> None:
    secondary = pair[1].private_ip.rpartition(".")[0] + ".200"
    give_interface(cloud, pair[1], secondary)
    name = "network-interface.addresses.private-ip-address"
    asked = [pair[1].private_ip, secondary][which]
    [found] = cloud.client("ec2").describe_instances(Filters=[{"Name": name, "Values": [asked]}])[
        "Reservations"
    ]

    assert [each["InstanceId"] for each in found["Instances"]] == [pair[1].id]


def test_an_address_outside_of_the_vpc_needs_a_zone_and_one_inside_keeps_its_own(
    cloud: World, pair: Pair
) -> None:
    outside = cloud.network.outside(7)
    balancer = address_group(cloud, "web", [])

    def register(address: str, zone: str | None = None) -> str:
        target = {"Id": address, **({"AvailabilityZone": zone} if zone else {})}
        try:
            cloud.client("elbv2").register_targets(TargetGroupArn=balancer.arn, Targets=[target])
        except botocore.exceptions.ClientError as error:
            return str(error)
        return ""

    assert f"The Availability Zone is required for IP address '{outside}'" in register(outside)
    assert "You must specify a valid Availability Zone" in register(outside, "eu-west-1z")
    assert "cannot have its Availability Zone overridden to 'all'" in register(pair[0].private_ip, "all")
    assert "is not a valid IP address" in register("web-1")
    assert register(outside, "all") == register(pair[0].private_ip, "eu-west-1a") == ""
    assert {each["Id"]: each["AvailabilityZone"] for each in told(cloud, balancer)} == {
        outside: "all",
        pair[0].private_ip: "eu-west-1a",
    }


def test_quic_finds_a_target_by_the_server_id_that_it_was_registered_with(cloud: World, pair: Pair) -> None:
    target = {"Id": pair[0].private_ip, "QuicServerId": "0x0123456789abcdef"}
    with pytest.raises(botocore.exceptions.ClientError, match="QuicServerId is required"):
        address_group(cloud, "no", [pair[0]], kind="network", protocol="TCP_QUIC")
    with pytest.raises(botocore.exceptions.ClientError, match="QuicServerId cannot be used"):
        address_group(cloud, "neither", [target], kind="network")
    balancer = address_group(cloud, "web", [target], kind="network", protocol="TCP_QUIC")

    assert [each["QuicServerId"] for each in told(cloud, balancer)] == ["0x0123456789abcdef"]


def test_an_instance_of_another_vpc_is_no_target_by_its_id(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]])
    stranger = SecondVpc(cloud).launch("Payroll-1", service=SERVICE)
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidTarget"):
        cloud.client("elbv2").register_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": stranger.id}])


def test_an_address_in_a_zone_that_is_not_enabled_gets_no_traffic(cloud: World, pair: Pair) -> None:
    made = cloud.target_group("web", zones=["eu-west-1b", "eu-west-1c"])
    balancer = address_group(cloud, "addresses", [pair[0]])
    [listener] = cloud.client("elbv2").describe_listeners(LoadBalancerArn=made.load_balancer_arn)["Listeners"]
    forward = {"Type": "forward", "TargetGroupArn": balancer.arn}
    elbv2 = cloud.client("elbv2")
    elbv2.delete_load_balancer(LoadBalancerArn=balancer.load_balancer_arn)
    elbv2.modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=[forward])

    def reason() -> str:
        [one] = elbv2.describe_target_health(TargetGroupArn=balancer.arn)["TargetHealthDescriptions"]
        return str(one["TargetHealth"].get("Reason"))

    eventually(reason, "Target.NotInUse")
