from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.cloud import LoadBalancer, StandInAWS
from gocd.rehearsal.standin_aws.instances import Instance
from tests.gocd.rehearsal.standin_aws.conftest import eventually, get, listed, target_state
from tests.gocd.rehearsal.standin_aws.service import SERVICE

Fleet = tuple[LoadBalancer, list[Instance]]


@pytest.fixture
def fleet(cloud: StandInAWS) -> Fleet:
    """Two instances of an Auto Scaling group that is attached to a target group; one may go."""
    balancer = cloud.target_group("web", deregistration_delay=1)
    members = cloud.auto_scaling_group(
        "fleet", size=2, min_size=1, service=SERVICE, load_balancers=[balancer]
    )
    return balancer, members


def lifecycle(cloud: StandInAWS, instance: Instance) -> str:
    [told] = cloud.client("autoscaling").describe_auto_scaling_instances(InstanceIds=[instance.id])[
        "AutoScalingInstances"
    ]
    return str(told["LifecycleState"])


def enter(cloud: StandInAWS, instance_id: str) -> Any:
    return cloud.client("autoscaling").enter_standby(
        AutoScalingGroupName="fleet", InstanceIds=[instance_id], ShouldDecrementDesiredCapacity=True
    )


def leave(cloud: StandInAWS, instance: Instance) -> Any:
    return cloud.client("autoscaling").exit_standby(AutoScalingGroupName="fleet", InstanceIds=[instance.id])


def capacity(cloud: StandInAWS) -> int:
    [group] = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return int(group["DesiredCapacity"])


def test_what_a_group_launches_runs_the_service(cloud: StandInAWS, fleet: Fleet) -> None:
    balancer, members = fleet

    assert cloud.serving(balancer) == {each.id for each in members}
    assert get(balancer.url) in {each.private_ip for each in members}


def test_a_member_drains_before_it_is_in_standby_and_comes_back_healthy(
    cloud: StandInAWS, fleet: Fleet
) -> None:
    balancer, [one, _] = fleet
    enter(cloud, one.id)
    assert target_state(cloud, balancer, one) == "draining/Target.DeregistrationInProgress"

    assert eventually(lambda: lifecycle(cloud, one), "Standby")[0] == "EnteringStandby"
    assert capacity(cloud) == 1
    assert one.id not in listed(cloud, balancer)

    leave(cloud, one)
    eventually(lambda: target_state(cloud, balancer, one), "healthy")
    assert lifecycle(cloud, one) == "InService"
    assert capacity(cloud) == 2
    assert len(listed(cloud, balancer)) == 2


def test_standby_below_the_minimum_size_is_refused(cloud: StandInAWS, fleet: Fleet) -> None:
    _, [one, two] = fleet
    enter(cloud, one.id)

    with pytest.raises(botocore.exceptions.ClientError, match="min-size=1, max-size=4, and desired-size=1"):
        enter(cloud, two.id)


def test_only_members_in_service_enter_and_only_those_in_standby_leave(
    cloud: StandInAWS, fleet: Fleet
) -> None:
    _, [one, _] = fleet

    with pytest.raises(botocore.exceptions.ClientError, match="not part of Auto Scaling group fleet"):
        enter(cloud, "i-0123456789abcdef0")
    with pytest.raises(botocore.exceptions.ClientError, match="not in Standby"):
        leave(cloud, one)
    assert capacity(cloud) == 2


def test_a_member_deregistered_by_hand_is_not_registered_again(cloud: StandInAWS, fleet: Fleet) -> None:
    balancer, [one, two] = fleet
    cloud.client("elbv2").deregister_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": one.id}])
    cloud.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="fleet", MinSize=2)

    eventually(lambda: listed(cloud, balancer), {two.id})
