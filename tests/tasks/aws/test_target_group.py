"""The quirks of target groups, each on the stand-in AWS."""

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import find_load_balancers
from tasks.aws.instances import find_instance
from tasks.aws.load_balancer import NEVER, LoadBalancer, Member, Place, State, Threshold
from tasks.aws.target_group import TargetGroup
from tasks.running.errors import Refused
from tests.tasks.conftest import MakeBalancer, Pair


def found(aws: Aws, name: str = "staging") -> LoadBalancer:
    [balancer] = find_load_balancers(aws, [name], find_instance(aws, "Staging-1"))
    return balancer


def member(aws: Aws, balancer: LoadBalancer, name: str = "Staging-1") -> Member:
    instance = find_instance(aws, name)
    return balancer.roster(instance).of(instance)


def test_a_group_behind_no_load_balancer_cannot_serve(cloud: World, aws: Aws, pair: Pair) -> None:
    made = cloud.target_group("staging", instances=list(pair))
    elbv2 = cloud.client("elbv2")
    [listener] = elbv2.describe_listeners(LoadBalancerArn=made.load_balancer_arn)["Listeners"]
    elbv2.delete_listener(ListenerArn=listener["ListenerArn"])

    seen = member(aws, found(aws))
    assert seen.state is State.STUCK
    assert "Target.NotInUse" in seen.words


def test_an_instance_in_a_zone_that_is_not_enabled_cannot_serve(cloud: World, aws: Aws, pair: Pair) -> None:
    made = cloud.target_group("staging", instances=[pair.two], zones=["eu-west-1b", "eu-west-1c"])
    cloud.client("elbv2").register_targets(TargetGroupArn=made.arn, Targets=[{"Id": pair.one.id}])

    seen = member(aws, found(aws))
    assert seen.state is State.STUCK
    assert "Target.NotInUse" in seen.words


def test_a_stopped_instance_cannot_serve(cloud: World, aws: Aws, behind: MakeBalancer, pair: Pair) -> None:
    behind("application")
    cloud.client("ec2").stop_instances(InstanceIds=[pair.one.id])
    balancer = found(aws)
    for _ in range(3):
        seen = member(aws, balancer)

    assert seen.state is State.STUCK
    assert "Target.InvalidState" in seen.words


def test_a_terminated_instance_serves_no_more(
    cloud: World, aws: Aws, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    cloud.client("ec2").terminate_instances(InstanceIds=[pair.one.id])
    balancer = found_by(aws, "staging", "Staging-2")

    states = {each.key: each.state for each in balancer.roster(find_instance(aws, "Staging-2")).members}
    assert states.get(pair.one.id) is not State.SERVING
    assert states[pair.two.id] is State.SERVING


def found_by(aws: Aws, name: str, instance: str) -> LoadBalancer:
    [balancer] = find_load_balancers(aws, [name], find_instance(aws, instance))
    return balancer


def test_health_that_is_not_checked_is_never_known(cloud: World, aws: Aws, behind: MakeBalancer) -> None:
    made = behind("application")
    cloud.client("elbv2").modify_target_group(TargetGroupArn=made.arn, HealthCheckEnabled=False)

    seen = member(aws, found(aws))
    assert seen.state is State.STUCK
    assert "Target.HealthCheckDisabled" in seen.words


def test_health_that_aws_cannot_tell_at_the_moment_is_unknown(
    aws: Aws, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    pair.one.health_known = False

    seen = member(aws, found(aws))
    assert seen.state is State.UNKNOWN
    assert "Elb.InternalError" in seen.words


def test_who_fails_its_health_check_is_unhealthy_with_the_reason_that_aws_gives(
    cloud: World, aws: Aws, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    cloud.faults.unreachable(pair.one.id)
    balancer = found(aws)
    for _ in range(200):
        seen = member(aws, balancer)
        if seen.state is State.UNHEALTHY:
            break

    assert seen.state is State.UNHEALTHY
    assert seen.reason


def test_an_instance_on_two_ports_leaves_and_comes_back_on_both(
    cloud: World, aws: Aws, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application", drain=0)
    cloud.client("elbv2").register_targets(
        TargetGroupArn=made.arn, Targets=[{"Id": pair.one.id, "Port": 8081}]
    )
    balancer = found(aws)
    seen = member(aws, balancer)

    assert seen.ports == (8080, 8081)
    assert seen.of_ports(State.SERVING) == (8080,)
    balancer.deregister([Place(find_instance(aws, "Staging-1"), seen.ports)])
    assert member(aws, balancer).state in (State.LEAVING, State.OUT)
    balancer.register([Place(find_instance(aws, "Staging-1"), seen.ports)])
    assert member(aws, balancer).ports == (8080, 8081)


def test_a_group_of_addresses_knows_an_instance_by_its_private_ip(cloud: World, aws: Aws, pair: Pair) -> None:
    made = cloud.target_group("staging", instances=[])
    elbv2 = cloud.client("elbv2")
    vpc = elbv2.describe_target_groups(TargetGroupArns=[made.arn])["TargetGroups"][0]["VpcId"]
    [group] = elbv2.create_target_group(
        Name="addresses", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip"
    )["TargetGroups"]
    elbv2.create_listener(
        LoadBalancerArn=made.load_balancer_arn,
        Protocol="HTTP",
        Port=81,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    balancer = found(aws, "addresses")
    balancer.register([Place(find_instance(aws, "Staging-1"), ())])

    seen = member(aws, balancer)
    assert seen.key == pair.one.private_ip
    assert seen.state is not State.OUT


def test_zones_count_alone_behind_a_network_load_balancer_with_cross_zone_off(
    cloud: World, aws: Aws, pair: Pair
) -> None:
    cloud.target_group("staging", kind="network", instances=list(pair), cross_zone=False)
    balancer = found(aws)

    assert balancer.settings().zonal
    zones = {each.key: each.zone for each in balancer.roster(find_instance(aws, "Staging-1")).members}
    assert zones == {pair.one.id: "eu-west-1a", pair.two.id: "eu-west-1b"}


def test_a_network_load_balancer_has_cross_zone_off_unless_told_otherwise(
    cloud: World, aws: Aws, pair: Pair
) -> None:
    cloud.target_group("staging", kind="network", instances=list(pair))

    assert found(aws).settings().zonal


def test_an_application_load_balancer_has_cross_zone_on_unless_its_group_says_no(
    cloud: World, aws: Aws, pair: Pair
) -> None:
    cloud.target_group("on", instances=list(pair))
    cloud.target_group("off", instances=list(pair), cross_zone=False)

    assert not found(aws, "on").settings().zonal
    assert found(aws, "off").settings().zonal


def test_a_network_load_balancer_is_given_minutes(cloud: World, aws: Aws, pair: Pair) -> None:
    cloud.target_group("slow", kind="network", instances=list(pair), cross_zone=True)
    cloud.target_group("quick", instances=list(pair))

    assert found(aws, "slow").settings().healthy_within - found(aws, "quick").settings().healthy_within == 150


def test_slow_start_is_read(cloud: World, aws: Aws, behind: MakeBalancer) -> None:
    made = behind("application")
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=made.arn, Attributes=[{"Key": "slow_start.duration_seconds", "Value": "60"}]
    )

    assert found(aws).settings().slow_start == 60


def test_thresholds_of_health_are_read(cloud: World, aws: Aws, behind: MakeBalancer) -> None:
    made = behind("application")
    usual = found(aws).settings()
    minimum = "minimum_healthy_targets"
    changed = {
        f"target_group_health.unhealthy_state_routing.{minimum}.count": "2",
        f"target_group_health.unhealthy_state_routing.{minimum}.percentage": "50",
        f"target_group_health.dns_failover.{minimum}.count": "off",
        f"target_group_health.dns_failover.{minimum}.percentage": "off",
    }
    cloud.client("elbv2").modify_target_group_attributes(
        TargetGroupArn=made.arn, Attributes=[{"Key": k, "Value": v} for k, v in changed.items()]
    )
    settings = found(aws).settings()

    assert (usual.opens_below, usual.in_dns_from) == (Threshold(1), Threshold(1))
    assert (settings.opens_below, settings.in_dns_from) == (Threshold(2, 50), NEVER)


@pytest.mark.parametrize("kind", ["lambda", "alb"])
def test_a_group_of_anything_but_instances_is_refused(aws: Aws, kind: str) -> None:
    with pytest.raises(Refused, match=f"holds no instances but type {kind}"):
        TargetGroup(aws, {"TargetGroupName": "staging", "TargetType": kind})
