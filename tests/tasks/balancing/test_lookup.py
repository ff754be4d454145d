"""Whom an address means, where two VPCs have the same private range and instances have several addresses."""

from collections.abc import Callable

import pytest

from gocd.rehearsal.standin_aws.address_targets import (
    address_group,
    give_address,
    give_interface,
    give_ipv6,
    primary_address,
)
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.second_vpc import SecondVpc
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import Pair


def states(cloud: World, balancer: LoadBalancer) -> dict[str, str]:
    """What the load balancer says of each of its addresses."""
    told = cloud.client("elbv2").describe_target_health(TargetGroupArn=balancer.arn)
    return {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in told["TargetHealthDescriptions"]}


@pytest.fixture
def payroll(cloud: World, pair: Pair, sample: Service) -> Instance:
    """Payroll-1 of another VPC, at the address of Staging-1."""
    launched = SecondVpc(cloud).launch("Payroll-1", service=sample)
    assert primary_address(cloud, launched) == pair.one.private_ip
    return launched


def test_an_instance_of_another_vpc_is_in_none_of_the_load_balancers_of_this_one(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, payroll: Instance
) -> None:
    shop = address_group(cloud, "shop", [*pair])
    every = gocd_tasks("detach-instance", "Payroll-1", "--load-balancer", "all")
    named = gocd_tasks("detach-instance", "Payroll-1", "--load-balancer", "shop")
    back = gocd_tasks("attach-instance", "Payroll-1", "--load-balancer", "shop")

    assert every.returncode == 2
    assert "Payroll-1 is registered with no load balancer" in every.stderr
    assert named.returncode == 0
    assert "Payroll-1: already detached from shop" in named.stdout
    assert back.returncode == 2
    assert f"Payroll-1 has no address in {cloud.network.vpc}, the VPC of shop" in back.stderr
    assert set(states(cloud, shop).values()) == {"healthy"}


def test_an_address_that_two_vpcs_have_means_two_instances(
    gocd_tasks: CommandLine, pair: Pair, payroll: Instance, cloud: World
) -> None:
    done = gocd_tasks("check-status", "--instance", pair.one.private_ip, "--url", "http://{private_ip}/")

    assert done.returncode == 2
    assert "means 2 instances" in done.stderr
    assert f"{pair.one.id} ({pair.one.private_ip} in {cloud.network.vpc})" in done.stderr
    assert payroll.id in done.stderr


@pytest.mark.parametrize("give", [give_address, give_interface])
def test_an_instance_leaves_and_comes_back_by_whichever_of_its_addresses_it_is_known(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, give: Callable[[World, Instance, str], None]
) -> None:
    secondary = pair.one.private_ip.rpartition(".")[0] + ".200"
    give(cloud, pair.one, secondary)
    web = address_group(cloud, "web", [secondary, pair.two], deregistration_delay=1)
    cloud.wait_until_serving(web, list(pair))

    out = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "all")
    assert out.returncode == 0, out.stderr
    assert states(cloud, web) == {pair.two.private_ip: "healthy"}

    back = gocd_tasks("attach-instance", secondary, "--load-balancer", "web")
    assert back.returncode == 0, back.stderr
    assert states(cloud, web) == {secondary: "healthy", pair.two.private_ip: "healthy"}


def test_an_instance_that_is_known_by_two_addresses_leaves_and_comes_back_with_both(
    cloud: World, gocd_tasks: CommandLine, pair: Pair
) -> None:
    secondary = pair.one.private_ip.rpartition(".")[0] + ".200"
    give_address(cloud, pair.one, secondary)
    web = address_group(cloud, "web", [pair.two, pair.one, secondary], deregistration_delay=1)

    out = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "web")
    assert out.returncode == 0, out.stderr
    assert set(states(cloud, web)) == {pair.two.private_ip}

    back = gocd_tasks("attach-instance", "Staging-1", "--load-balancer", "web")
    assert back.returncode == 0, back.stderr
    assert set(states(cloud, web)) == {pair.one.private_ip, secondary, pair.two.private_ip}


def test_what_described_a_target_is_said_again_when_it_comes_back(
    cloud: World, gocd_tasks: CommandLine, pair: Pair
) -> None:
    target = {"Id": pair.one.private_ip, "Port": 8080, "QuicServerId": "0x0123456789abcdef"}
    other = {"Id": pair.two.private_ip, "Port": 8080, "QuicServerId": "0xfedcba9876543210"}
    web = address_group(
        cloud,
        "web",
        [target, other],
        kind="network",
        protocol="TCP_QUIC",
        deregistration_delay=1,
        wait=False,
    )
    cloud.wait_until_serving(web, list(pair))

    # A Network Load Balancer counts each zone alone.
    out = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "web", "--min-healthy", "0")
    assert out.returncode == 0, out.stderr
    back = gocd_tasks("attach-instance", "Staging-1", "--load-balancer", "web")
    assert back.returncode == 0, back.stderr
    told = cloud.client("elbv2").describe_target_health(TargetGroupArn=web.arn)
    assert {**target, "AvailabilityZone": "eu-west-1a"} in [
        each["Target"] for each in told["TargetHealthDescriptions"]
    ]


def test_an_instance_is_found_and_taken_out_by_its_address_of_ipv6(
    cloud: World, gocd_tasks: CommandLine, pair: Pair
) -> None:
    one, two = "fd00:0:0:1::5", "fd00:0:0:1::6"
    give_ipv6(cloud, pair.one, one)
    give_ipv6(cloud, pair.two, two)
    web = address_group(cloud, "web", [one, two], deregistration_delay=1, wait=False)
    cloud.wait_until_serving(web, list(pair))

    out = gocd_tasks("detach-instance", "FD00:0:0:1:0:0:0:5", "--load-balancer", "all")
    assert out.returncode == 0, out.stderr
    assert states(cloud, web) == {two: "healthy"}
