"""A rollout behind a load balancer that knows its targets by address."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.address_targets import address_group, give_address
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.second_vpc import SecondVpc
from gocd.rehearsal.standin_aws.world import World
from tests.tasks.rolling_deploy.conftest import Fleet, MakeFleet

pytestmark = pytest.mark.end_to_end


def by_address(cloud: World, made: Fleet, targets: Sequence[Instance | str | dict[str, Any]]) -> Fleet:
    """The same servers behind another load balancer called fleet-by-address."""
    balancer = address_group(cloud, "fleet-by-address", targets, deregistration_delay=1)
    return replace(made, balancer=balancer)


@pytest.mark.exhaustive
def test_who_has_the_same_address_in_another_vpc_is_left_alone(cloud: World, fleet: MakeFleet) -> None:
    shop = fleet(2)
    payroll = SecondVpc(cloud).launch("Payroll-1", service=shop.service)
    shop = by_address(cloud, shop, shop.servers)
    ran = shop.roll("--load-balancer", "fleet-by-address")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert set(shop.versions().values()) == {"2.0"}
    assert shop.installs(payroll) == 0
    assert "Payroll" not in ran.stdout
    assert "2.0 is on 2 servers" in ran.stdout


@pytest.mark.exhaustive
def test_who_is_known_by_a_secondary_address_is_deployed_to(cloud: World, fleet: MakeFleet) -> None:
    made = fleet(2)
    secondary = made.servers[0].private_ip.rpartition(".")[0] + ".200"
    give_address(cloud, made.servers[0], secondary)
    one = by_address(cloud, made, [secondary, made.servers[1]])
    cloud.wait_until_serving(one.balancer, one.servers)
    ran = one.roll("--load-balancer", "fleet-by-address")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert set(one.versions().values()) == {"2.0"}
    assert one.health() == {secondary: "healthy", made.servers[1].private_ip: "healthy"}


def test_a_target_that_is_nobody_s_address_is_refused_by_name_before_anything_is_changed(
    cloud: World, fleet: MakeFleet
) -> None:
    made = fleet(2)
    stranger = cloud.network.outside(9)
    mixed = by_address(cloud, made, [*made.servers, {"Id": stranger, "AvailabilityZone": "all"}])
    cloud.journal.clear()
    ran = mixed.roll("--load-balancer", "fleet-by-address")

    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert f"{stranger} in fleet-by-address" in ran.stderr
    assert "is no instance's address, so the release cannot go there" in ran.stderr
    assert mixed.changes() == []

    left = mixed.roll("--load-balancer", "fleet-by-address", "--leave-unknown")
    assert left.returncode == 0, left.stdout + left.stderr
    assert f"left out: {stranger} in fleet-by-address (" in left.stdout.splitlines()[-1]
    assert set(mixed.versions().values()) == {"2.0"}
