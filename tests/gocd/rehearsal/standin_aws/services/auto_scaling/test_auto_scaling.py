import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually, get, in_time, listed, target_state
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.auto_scaling.fleet import (
    enter,
    leave,
    lifecycle,
    sizes,
    states,
    suspend,
)

Fleet = tuple[LoadBalancer, list[Instance]]


@pytest.fixture
def fleet(cloud: World) -> Fleet:
    """Two instances of an Auto Scaling group that is attached to a target group; one may go."""
    balancer = cloud.target_group("web", deregistration_delay=1)
    members = cloud.auto_scaling_group(
        "fleet", size=2, min_size=1, service=SERVICE, load_balancers=[balancer]
    )
    return balancer, members


def test_what_a_group_launches_runs_the_service(cloud: World, fleet: Fleet) -> None:
    balancer, members = fleet

    assert cloud.serving(balancer) == {each.id for each in members}
    assert get(balancer.url) in {each.private_ip for each in members}


def test_a_member_drains_before_it_is_in_standby_and_comes_back_healthy(cloud: World, fleet: Fleet) -> None:
    balancer, [one, _] = fleet
    enter(cloud, one.id)
    assert target_state(cloud, balancer, one) == "draining/Target.DeregistrationInProgress"

    assert in_time(cloud, lambda: lifecycle(cloud, one.id), "Standby")[0] == "EnteringStandby"
    assert sizes(cloud)[1] == 1
    assert one.id not in listed(cloud, balancer)

    leave(cloud, one.id)
    assert in_time(cloud, lambda: lifecycle(cloud, one.id), "InService")[0] == "Pending"
    eventually(lambda: target_state(cloud, balancer, one), "healthy")
    assert lifecycle(cloud, one.id) == "InService"
    assert sizes(cloud)[1] == 2
    assert len(listed(cloud, balancer)) == 2


def test_standby_below_the_minimum_size_is_refused(cloud: World, fleet: Fleet) -> None:
    _, [one, two] = fleet
    enter(cloud, one.id)

    with pytest.raises(botocore.exceptions.ClientError, match="min-size=1, max-size=2, and desired-size=1"):
        enter(cloud, two.id)


def test_only_members_in_service_enter_and_only_those_in_standby_leave(cloud: World, fleet: Fleet) -> None:
    _, [one, _] = fleet

    with pytest.raises(botocore.exceptions.ClientError, match="not part of Auto Scaling group fleet"):
        enter(cloud, "i-0123456789abcdef0")
    with pytest.raises(botocore.exceptions.ClientError, match=r"The instance \S+ is not in Standby\."):
        leave(cloud, one.id)
    enter(cloud, one.id)
    with pytest.raises(botocore.exceptions.ClientError, match=r"The instance \S+ is not in InService\."):
        enter(cloud, one.id)
    assert sizes(cloud)[1] == 1


def test_twenty_ids_at_most_go_to_standby_in_one_call(cloud: World, fleet: Fleet) -> None:
    _, [one, _] = fleet
    with pytest.raises(botocore.exceptions.ClientError, match="at most 20"):
        enter(cloud, *[one.id] * 21)


def test_a_member_deregistered_by_hand_is_not_registered_again(cloud: World, fleet: Fleet) -> None:
    balancer, [one, two] = fleet
    cloud.client("elbv2").deregister_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": one.id}])
    cloud.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="fleet", MinSize=2)

    in_time(cloud, lambda: listed(cloud, balancer), {two.id})


def test_nobody_leaves_standby_above_the_maximum_size_or_without_launches(cloud: World, fleet: Fleet) -> None:
    _, [one, _] = fleet
    enter(cloud, one.id)
    in_time(cloud, lambda: lifecycle(cloud, one.id), "Standby")
    suspend(cloud, "Launch")
    with pytest.raises(botocore.exceptions.ClientError, match="Launch process"):
        leave(cloud, one.id)
    cloud.client("autoscaling").resume_processes(AutoScalingGroupName="fleet")

    cloud.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="fleet", MaxSize=1)
    with pytest.raises(botocore.exceptions.ClientError, match="min-size=1, max-size=1, and desired-size=1"):
        leave(cloud, one.id)
    assert lifecycle(cloud, one.id) == "Standby"


def test_standby_without_a_decrement_has_a_new_member_launched(cloud: World, fleet: Fleet) -> None:
    _, [one, _] = fleet
    enter(cloud, one.id, decrement=False)

    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService", "InService", "Standby"])
    assert sizes(cloud)[1] == 2


def test_a_member_of_a_group_behind_a_classic_load_balancer_leaves_and_comes_back(cloud: World) -> None:
    balancer = cloud.classic("web", draining=1)
    [one, two] = cloud.auto_scaling_group(
        "fleet", size=2, min_size=1, service=SERVICE, load_balancers=[balancer]
    )
    enter(cloud, one.id)
    in_time(cloud, lambda: lifecycle(cloud, one.id), "Standby")
    assert cloud.serving(balancer) == {two.id}

    leave(cloud, one.id)
    cloud.wait_until_serving(balancer, [one, two])
    assert lifecycle(cloud, one.id) == "InService"


def test_members_launched_while_nothing_is_added_to_load_balancers_stay_out(
    cloud: World, fleet: Fleet
) -> None:
    balancer, members = fleet
    suspend(cloud, "AddToLoadBalancer")
    cloud.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="fleet", MaxSize=3, DesiredCapacity=3
    )
    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService"] * 3)

    assert listed(cloud, balancer) == {each.id for each in members}


@pytest.mark.parametrize("kind", ["target group", "classic"])
def test_a_group_outlives_its_load_balancer(cloud: World, kind: str) -> None:
    balancer = cloud.classic("web") if kind == "classic" else cloud.target_group("web")
    cloud.auto_scaling_group("fleet", size=1, max_size=2, service=SERVICE, load_balancers=[balancer])
    if kind == "classic":
        cloud.client("elb").delete_load_balancer(LoadBalancerName="web")
    else:
        cloud.client("elbv2").delete_load_balancer(LoadBalancerArn=balancer.load_balancer_arn)
        cloud.client("elbv2").delete_target_group(TargetGroupArn=balancer.arn)
    cloud.client("autoscaling").set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=2)

    in_time(cloud, lambda: sorted(states(cloud).values()), ["InService"] * 2)
