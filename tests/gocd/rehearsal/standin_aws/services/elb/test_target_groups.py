import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import (
    Pair,
    eventually,
    get,
    listed,
    power,
    target_state,
)


def deregister(cloud: World, arn: str, instance_id: str) -> None:
    cloud.client("elbv2").deregister_targets(TargetGroupArn=arn, Targets=[{"Id": instance_id}])


def register(cloud: World, arn: str, instance_id: str) -> None:
    cloud.client("elbv2").register_targets(TargetGroupArn=arn, Targets=[{"Id": instance_id}])


def test_a_registered_target_is_initial_for_two_reasons_and_then_healthy(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]], deregistration_delay=0)
    seen: list[str] = []
    # The first lasts a tenth of a second, which a busy machine may miss.
    while "initial/Elb.RegistrationInProgress" not in seen:
        register(cloud, balancer.arn, pair[1].id)
        seen = eventually(lambda: target_state(cloud, balancer, pair[1]), "healthy")
        deregister(cloud, balancer.arn, pair[1].id)
        eventually(lambda: target_state(cloud, balancer, pair[1]), "unused/Target.NotRegistered")

    assert seen[0] == "initial/Elb.RegistrationInProgress"
    assert set(seen[1:-1]) <= {"initial/Elb.InitialHealthChecking"}


def test_a_deregistered_target_drains_for_the_whole_delay_even_when_idle(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair, deregistration_delay=300)
    deregister(cloud, balancer.arn, pair[0].id)
    cloud.let_pass(290)

    assert target_state(cloud, balancer, pair[0]) == "draining/Target.DeregistrationInProgress"
    assert listed(cloud, balancer) == {pair[0].id, pair[1].id}
    assert cloud.serving(balancer) == {pair[1].id}

    cloud.let_pass(10)
    assert target_state(cloud, balancer, pair[0]) == "unused/Target.NotRegistered"
    assert listed(cloud, balancer) == {pair[1].id}


def test_registering_a_draining_target_cancels_its_drain(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair, deregistration_delay=300)
    deregister(cloud, balancer.arn, pair[0].id)
    register(cloud, balancer.arn, pair[0].id)

    states = eventually(lambda: target_state(cloud, balancer, pair[0]), "healthy")

    assert states[0].startswith("initial/")


def test_no_delay_means_no_drain(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair, deregistration_delay=0)
    deregister(cloud, balancer.arn, pair[0].id)

    assert target_state(cloud, balancer, pair[0]) == "unused/Target.NotRegistered"


def test_an_answer_of_the_wrong_kind_is_told_with_its_code(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair)
    (pair[0].root / "unwell").write_text("503")

    eventually(lambda: target_state(cloud, balancer, pair[0]), "unhealthy/Target.ResponseCodeMismatch")
    [told] = cloud.client("elbv2").describe_target_health(
        TargetGroupArn=balancer.arn, Targets=[{"Id": pair[0].id}]
    )["TargetHealthDescriptions"]
    assert told["TargetHealth"]["Description"] == "Health checks failed with these codes: [503]"
    assert told["HealthCheckPort"] == "8080"
    assert cloud.serving(balancer) == {pair[1].id}


def test_a_target_that_does_not_listen_fails_its_checks(cloud: World, pair: Pair) -> None:
    bare = cloud.launch("bare")
    balancer = cloud.target_group("web", instances=[bare], wait=False)

    states = eventually(lambda: target_state(cloud, balancer, bare), "unhealthy/Target.FailedHealthChecks")

    assert "initial/Elb.InitialHealthChecking" in states


def test_a_target_the_load_balancer_cannot_reach_times_out(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair)
    cloud.faults.unreachable(pair[0].id)

    eventually(lambda: target_state(cloud, balancer, pair[0]), "unhealthy/Target.Timeout")
    assert get(f"http://{pair[0].private_ip}:8080/_status") == pair[0].private_ip

    cloud.faults.reachable(pair[0].id)
    eventually(lambda: target_state(cloud, balancer, pair[0]), "healthy")


def test_a_stopped_instance_is_in_an_invalid_state_and_comes_back(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair)
    cloud.client("ec2").stop_instances(InstanceIds=[pair[0].id])
    assert target_state(cloud, balancer, pair[0]) == "unused/Target.InvalidState"

    eventually(lambda: power(cloud, pair[0]), "stopped")
    cloud.client("ec2").start_instances(InstanceIds=[pair[0].id])
    eventually(lambda: target_state(cloud, balancer, pair[0]), "healthy")


def test_a_group_that_no_listener_uses_is_not_in_use(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair)
    elbv2 = cloud.client("elbv2")
    elbv2.delete_load_balancer(LoadBalancerArn=balancer.load_balancer_arn)

    assert target_state(cloud, balancer, pair[0]) == "unused/Target.NotInUse"
    assert elbv2.describe_target_groups()["TargetGroups"][0]["LoadBalancerArns"] == []


def test_a_zone_that_is_not_enabled_gets_no_traffic(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]], zones=["eu-west-1a", "eu-west-1c"])
    register(cloud, balancer.arn, pair[1].id)

    assert target_state(cloud, balancer, pair[1]) == "unused/Target.NotInUse"


def test_without_health_checks_health_is_unavailable(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", kind="network", instances=pair)
    cloud.client("elbv2").modify_target_group(TargetGroupArn=balancer.arn, HealthCheckEnabled=False)

    assert target_state(cloud, balancer, pair[0]) == "unavailable/Target.HealthCheckDisabled"


def test_two_ports_of_one_instance_are_two_targets(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]])
    elbv2 = cloud.client("elbv2")
    elbv2.register_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": pair[0].id, "Port": 9090}])
    told = elbv2.describe_target_health(TargetGroupArn=balancer.arn)["TargetHealthDescriptions"]

    assert sorted(each["Target"]["Port"] for each in told) == [8080, 9090]

    elbv2.deregister_targets(TargetGroupArn=balancer.arn, Targets=[{"Id": pair[0].id, "Port": 9090}])
    assert target_state(cloud, balancer, pair[0]) == "healthy"


def test_an_address_can_be_a_target(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[1]])
    elbv2 = cloud.client("elbv2")
    vpc = cloud.client("ec2").describe_instances(InstanceIds=[pair[0].id])["Reservations"][0]["Instances"][0]
    [group] = elbv2.create_target_group(
        Name="addresses",
        TargetType="ip",
        Protocol="HTTP",
        Port=8080,
        VpcId=vpc["VpcId"],
        HealthCheckPath="/_status",
    )["TargetGroups"]
    arn = group["TargetGroupArn"]
    [listener] = elbv2.describe_listeners(LoadBalancerArn=balancer.load_balancer_arn)["Listeners"]
    elbv2.modify_listener(
        ListenerArn=listener["ListenerArn"], DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}]
    )
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": pair[0].private_ip}])

    eventually(lambda: get(balancer.url), pair[0].private_ip)


def test_registering_is_all_or_nothing(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]])

    with pytest.raises(botocore.exceptions.ClientError, match="InvalidTarget"):
        cloud.client("elbv2").register_targets(
            TargetGroupArn=balancer.arn, Targets=[{"Id": pair[1].id}, {"Id": "i-0123456789abcdef0"}]
        )
    assert listed(cloud, balancer) == {pair[0].id}


def test_deregistering_what_is_not_registered_succeeds(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]], deregistration_delay=0)

    cloud.client("elbv2").deregister_targets(
        TargetGroupArn=balancer.arn, Targets=[{"Id": pair[1].id}, {"Id": pair[0].id}]
    )
    assert listed(cloud, balancer) == set()


@pytest.mark.parametrize("delay", ["0", "3600"])
def test_a_delay_may_be_0_to_3600_seconds(cloud: World, pair: Pair, delay: str) -> None:
    balancer = cloud.target_group("web", instances=pair)
    attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": delay}
    elbv2 = cloud.client("elbv2")
    elbv2.modify_target_group_attributes(TargetGroupArn=balancer.arn, Attributes=[attribute])

    told = elbv2.describe_target_group_attributes(TargetGroupArn=balancer.arn)["Attributes"]
    assert attribute in told


@pytest.mark.parametrize("delay", ["-1", "3601", "soon"])
def test_another_delay_is_refused(cloud: World, pair: Pair, delay: str) -> None:
    balancer = cloud.target_group("web", instances=pair)
    attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": delay}

    with pytest.raises(botocore.exceptions.ClientError, match="ValidationError"):
        cloud.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=balancer.arn, Attributes=[attribute]
        )


def test_the_stock_waiters_end(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=pair, deregistration_delay=1)
    elbv2 = cloud.client("elbv2")
    target = {"TargetGroupArn": balancer.arn, "Targets": [{"Id": pair[0].id}]}
    quickly = {"Delay": 0.1, "MaxAttempts": 50}

    elbv2.deregister_targets(**target)
    elbv2.get_waiter("target_deregistered").wait(**target, WaiterConfig=quickly)
    elbv2.register_targets(**target)
    elbv2.get_waiter("target_in_service").wait(**target, WaiterConfig=quickly)
