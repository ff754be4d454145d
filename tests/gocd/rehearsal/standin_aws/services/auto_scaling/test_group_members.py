"""Members of an Auto Scaling group come, go and are replaced, in every zone of it."""

from typing import Literal

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually, get, in_time, power
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.auto_scaling.fleet import (
    enter,
    leave,
    lifecycle,
    resume,
    sizes,
    states,
    suspend,
    zones,
)

A, B = "eu-west-1a", "eu-west-1b"


def made(
    cloud: World,
    *,
    size: int = 2,
    load_balancers: tuple[LoadBalancer, ...] = (),
    health_check_type: Literal["EC2", "ELB"] = "EC2",
) -> list[Instance]:
    return cloud.auto_scaling_group(
        "fleet",
        size=size,
        service=SERVICE,
        zones=[A, B],
        load_balancers=load_balancers,
        health_check_type=health_check_type,
    )


def stop(cloud: World, instance: Instance) -> None:
    cloud.client("ec2").stop_instances(InstanceIds=[instance.id])


def in_service(cloud: World) -> set[str]:
    return {each for each, state in states(cloud).items() if state == "InService"}


def still(cloud: World, wanted: set[str], *, seconds: float = 0.8) -> None:
    """Hold that the members in service are these ones, and stay these ones."""
    for _ in range(int(seconds / 0.1)):
        assert in_service(cloud) == wanted
        cloud.let_pass(0.1)


def test_members_are_spread_over_the_zones_and_tagged_with_their_group(cloud: World) -> None:
    members = made(cloud, size=4)
    told = cloud.client("ec2").describe_instances(
        Filters=[{"Name": "tag:aws:autoscaling:groupName", "Values": ["fleet"]}]
    )["Reservations"]

    assert zones(cloud) == ["a", "a", "b", "b"]
    assert sorted(each.zone for each in members) == [A, A, B, B]
    assert {each["InstanceId"] for reservation in told for each in reservation["Instances"]} == {
        each.id for each in members
    }


@pytest.mark.parametrize("verb", ["stop_instances", "terminate_instances"])
def test_a_member_that_does_not_run_is_replaced_by_one_that_serves(cloud: World, verb: str) -> None:
    balancer = cloud.target_group("web", deregistration_delay=1)
    [one, two] = made(cloud, load_balancers=(balancer,))
    getattr(cloud.client("ec2"), verb)(InstanceIds=[one.id])

    in_time(cloud, lambda: one.id in states(cloud), False)
    in_time(cloud, lambda: len(cloud.serving(balancer)), 2)
    [new] = cloud.serving(balancer) - {two.id}
    assert new not in {one.id, two.id}
    assert power(cloud, one) == "terminated"
    eventually(lambda: get(balancer.url) != two.private_ip, True)


@pytest.mark.parametrize("process", ["HealthCheck", "ReplaceUnhealthy", "Terminate", "Launch"])
def test_a_suspended_process_keeps_a_stopped_member(cloud: World, process: str) -> None:
    [one, two] = made(cloud)
    suspend(cloud, process)
    stop(cloud, one)
    still(cloud, {one.id, two.id})

    resume(cloud)
    in_time(cloud, lambda: one.id in in_service(cloud), False)


def test_a_member_in_standby_may_be_stopped_and_started(cloud: World) -> None:
    [one, two] = made(cloud)
    suspend(cloud, "AZRebalance")
    enter(cloud, one.id)
    in_time(cloud, lambda: lifecycle(cloud, one.id), "Standby")
    stop(cloud, one)
    eventually(lambda: power(cloud, one), "stopped")
    still(cloud, {two.id})

    cloud.client("ec2").start_instances(InstanceIds=[one.id])
    eventually(lambda: power(cloud, one), "running")
    leave(cloud, one.id)
    in_time(cloud, lambda: in_service(cloud), {one.id, two.id})
    still(cloud, {one.id, two.id})


def test_a_member_that_leaves_standby_stopped_is_replaced(cloud: World) -> None:
    [one, _] = made(cloud)
    suspend(cloud, "AZRebalance")
    enter(cloud, one.id)
    in_time(cloud, lambda: lifecycle(cloud, one.id), "Standby")
    stop(cloud, one)
    leave(cloud, one.id)

    in_time(cloud, lambda: one.id in states(cloud), False)
    in_time(cloud, lambda: len(in_service(cloud)), 2)


def test_what_a_load_balancer_calls_unhealthy_is_replaced_if_the_group_asks_it(cloud: World) -> None:
    balancer = cloud.target_group("web", deregistration_delay=1)
    [one, two] = made(cloud, load_balancers=(balancer,), health_check_type="ELB")
    (one.root / "unwell").write_text("500")

    in_time(cloud, lambda: one.id in states(cloud), False)
    in_time(cloud, lambda: len(cloud.serving(balancer)), 2)
    assert two.id in states(cloud)


def test_what_a_load_balancer_says_is_nothing_to_a_group_that_does_not_ask(cloud: World) -> None:
    balancer = cloud.target_group("web", deregistration_delay=1)
    [one, two] = made(cloud, load_balancers=(balancer,))
    (one.root / "unwell").write_text("500")
    eventually(lambda: cloud.serving(balancer), {two.id})

    still(cloud, {one.id, two.id}, seconds=1.5)


@pytest.mark.parametrize("kind", ["target group", "classic"])
def test_a_member_deregistered_by_hand_is_replaced_if_the_group_asks_the_load_balancer(
    cloud: World, kind: str
) -> None:
    classic = kind == "classic"
    balancer = cloud.classic("web", draining=1) if classic else cloud.target_group("web")
    [one, _] = made(cloud, load_balancers=(balancer,), health_check_type="ELB")
    if classic:
        cloud.client("elb").deregister_instances_from_load_balancer(
            LoadBalancerName="web", Instances=[{"InstanceId": one.id}]
        )
    else:
        cloud.client("elbv2").deregister_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": one.id}])

    in_time(cloud, lambda: one.id in states(cloud), False)
    in_time(cloud, lambda: len(cloud.serving(balancer)), 2)


def test_within_its_grace_period_only_a_member_that_does_not_run_is_replaced(cloud: World) -> None:
    balancer = cloud.target_group("web", deregistration_delay=1)
    [one, two] = made(cloud, load_balancers=(balancer,), health_check_type="ELB")
    cloud.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="fleet", HealthCheckGracePeriod=300
    )
    (one.root / "unwell").write_text("500")
    eventually(lambda: cloud.serving(balancer), {two.id})
    still(cloud, {one.id, two.id}, seconds=1.5)

    stop(cloud, one)
    in_time(cloud, lambda: one.id in states(cloud), False)


def test_a_member_that_is_called_unhealthy_by_hand_is_replaced(cloud: World) -> None:
    [one, _] = made(cloud)
    cloud.client("autoscaling").set_instance_health(InstanceId=one.id, HealthStatus="Unhealthy")

    in_time(cloud, lambda: one.id in states(cloud), False)
    in_time(cloud, lambda: len(in_service(cloud)), 2)


def test_zones_are_balanced_again_by_a_launch_and_a_termination(cloud: World) -> None:
    members = made(cloud, size=4)
    in_b = [each.id for each in members if each.zone == B]
    enter(cloud, *in_b)

    in_time(cloud, lambda: zones(cloud), ["a", "b"])
    assert sizes(cloud)[1] == 2
    assert [states(cloud)[each] for each in in_b] == ["Standby", "Standby"]


def test_zones_stay_as_they_are_while_rebalancing_is_suspended(cloud: World) -> None:
    members = made(cloud, size=4)
    suspend(cloud, "AZRebalance")
    enter(cloud, *[each.id for each in members if each.zone == B])

    still(cloud, {each.id for each in members if each.zone == A})


def test_a_smaller_group_keeps_members_in_both_zones(cloud: World) -> None:
    balancer = cloud.target_group("web", deregistration_delay=1)
    made(cloud, size=4, load_balancers=(balancer,))
    cloud.client("autoscaling").set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=2)

    assert sorted(states(cloud).values()) == ["InService", "InService", "Terminating", "Terminating"]
    in_time(cloud, lambda: len(states(cloud)), 2)
    assert zones(cloud) == ["a", "b"]
