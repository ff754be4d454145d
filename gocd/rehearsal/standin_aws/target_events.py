"""What happens to the targets of a load balancer beside their own health, in plain words."""

from __future__ import annotations

import time

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.zonal_shift.attribute import ENABLED
from gocd.rehearsal.standin_aws.world import PAUSE, World


def register_on(world: World, balancer: LoadBalancer, instance: Instance, port: int) -> None:
    """Register an instance with a target group on one more port, whether anything listens there or not."""
    world.client("elbv2").register_targets(
        TargetGroupArn=balancer.arn, Targets=[{"Id": instance.id, "Port": port}]
    )


def wait_until_unhealthy(world: World, balancer: LoadBalancer, count: int, *, patience: float = 30.0) -> None:
    """Return once so many targets of a group are called unhealthy.

    Raises:
        GoCDError: *patience* seconds were not enough.
    """
    deadline = time.monotonic() + patience
    while True:
        told = world.client("elbv2").describe_target_health(TargetGroupArn=balancer.arn)
        states = [each["TargetHealth"]["State"] for each in told["TargetHealthDescriptions"]]
        if states.count("unhealthy") == count:
            return
        if time.monotonic() > deadline:
            raise GoCDError(f"{balancer.name}: not {count} unhealthy targets, but {', '.join(states)}")
        time.sleep(PAUSE)


def set_thresholds(
    world: World, balancer: LoadBalancer, *, opens_below: int | str = 1, in_dns_from: int | str = 1
) -> None:
    """Say how many healthy targets a group needs: a count, a share such as ``50%``, or ``off``.

    With fewer than *opens_below* it sends to unhealthy ones as well, with fewer than *in_dns_from* its zones
    are left out of DNS.
    """
    given = {"unhealthy_state_routing": opens_below, "dns_failover": in_dns_from}
    attributes = []
    for action, least in given.items():
        share = str(least).endswith("%")
        name = f"target_group_health.{action}.minimum_healthy_targets"
        attributes += [
            {"Key": f"{name}.count", "Value": "1" if share else str(least)},
            {"Key": f"{name}.percentage", "Value": str(least).rstrip("%") if share else "off"},
        ]
    world.client("elbv2").modify_target_group_attributes(TargetGroupArn=balancer.arn, Attributes=attributes)


def start_zonal_shift(world: World, balancer: LoadBalancer, zone: str, expires_in: str = "1h") -> str:
    """Lead a load balancer's traffic away from a zone, which it then allows; gives the shift's id."""
    world.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=balancer.load_balancer_arn, Attributes=[{"Key": ENABLED, "Value": "true"}]
    )
    [told] = world.client("ec2").describe_availability_zones(ZoneNames=[zone])["AvailabilityZones"]
    started = world.client("arc-zonal-shift").start_zonal_shift(
        resourceIdentifier=balancer.load_balancer_arn,
        awayFrom=told["ZoneId"],
        expiresIn=expires_in,
        comment="rehearsed",
    )
    return str(started["zonalShiftId"])


def cancel_zonal_shift(world: World, shift: str) -> None:
    """Let traffic come back."""
    world.client("arc-zonal-shift").cancel_zonal_shift(zonalShiftId=shift)
