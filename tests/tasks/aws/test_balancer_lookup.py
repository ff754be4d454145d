"""Names that people type, and what they mean on the stand-in AWS."""

from collections import Counter

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import find_load_balancers
from tasks.aws.instances import find_instance
from tasks.running.errors import Refused
from tests.tasks.conftest import MakeBalancer, Pair


def addresses(aws: Aws, *names: str, remembered: tuple[str, ...] = ()) -> list[str]:
    instance = find_instance(aws, "Staging-1")
    return [balancer.address for balancer in find_load_balancers(aws, names, instance, remembered)]


def test_an_instance_is_found_by_id_name_address_and_dns_name(cloud: World, aws: Aws, pair: Pair) -> None:
    [described] = cloud.client("ec2").describe_instances(InstanceIds=[pair.one.id])["Reservations"]
    dns = described["Instances"][0]["PrivateDnsName"]

    found = [find_instance(aws, name) for name in (pair.one.id, "Staging-1", pair.one.private_ip, dns)]
    assert {instance.id for instance in found} == {pair.one.id}
    assert {instance.zone for instance in found} == {"eu-west-1a"}


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(aws: Aws, pair: Pair) -> None:
    with pytest.raises(Refused, match="no instance is called Stagin-1 in eu-west-1") as refusal:
        find_instance(aws, "Stagin-1")

    assert refusal.value.advice == "Did you mean Staging-1?"


def test_a_name_that_two_instances_have_is_refused_with_both(cloud: World, aws: Aws, pair: Pair) -> None:
    other = cloud.launch("Staging-1")
    with pytest.raises(Refused, match="means 2 instances") as refusal:
        find_instance(aws, "Staging-1")

    assert pair.one.id in refusal.value.what
    assert other.id in refusal.value.what


def test_a_terminated_namesake_does_not_count(cloud: World, aws: Aws, pair: Pair) -> None:
    other = cloud.launch("Staging-1")
    cloud.client("ec2").terminate_instances(InstanceIds=[other.id])

    assert find_instance(aws, "Staging-1").id == pair.one.id


@pytest.mark.parametrize("pattern", ["Staging-*", "Staging-?", "*"])
def test_a_pattern_is_a_name_like_any_other(aws: Aws, pair: Pair, pattern: str) -> None:
    with pytest.raises(Refused, match="no instance is called"):
        find_instance(aws, pattern)


@pytest.mark.parametrize("name", ["i-0123456789abcdef0", "127.0.0.99", "ip-1-2-3-4.ec2.internal"])
def test_what_is_not_there_is_refused(aws: Aws, pair: Pair, name: str) -> None:
    with pytest.raises(Refused, match="no instance is called"):
        find_instance(aws, name)


def test_a_target_group_is_found_by_name_prefix_arn_and_its_load_balancer(
    aws: Aws, behind: MakeBalancer
) -> None:
    made = behind("application")

    for name in ("staging", "target-group:staging", made.arn, "staging-lb", made.load_balancer_arn):
        assert addresses(aws, name) == ["target-group:staging"]


def test_a_classic_load_balancer_is_found_by_name_and_prefix(aws: Aws, behind: MakeBalancer) -> None:
    behind("classic")

    assert addresses(aws, "staging") == addresses(aws, "classic:staging") == ["classic:staging"]


def test_both_kinds_of_one_name_are_a_doubt_that_a_prefix_settles(aws: Aws, behind: MakeBalancer) -> None:
    behind("classic")
    behind("application")
    with pytest.raises(Refused, match="staging means 2 things") as refusal:
        addresses(aws, "staging")

    assert refusal.value.advice == "Say which: classic:staging or target-group:staging"
    assert addresses(aws, "classic:staging") == ["classic:staging"]
    assert addresses(aws, "target-group:staging") == ["target-group:staging"]


def test_a_load_balancer_with_two_target_groups_is_a_doubt(
    cloud: World, aws: Aws, behind: MakeBalancer
) -> None:
    made = behind("application")
    elbv2 = cloud.client("elbv2")
    vpc = elbv2.describe_target_groups(TargetGroupArns=[made.arn])["TargetGroups"][0]["VpcId"]
    [other] = elbv2.create_target_group(Name="green", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"]
    elbv2.create_listener(
        LoadBalancerArn=made.load_balancer_arn,
        Protocol="HTTP",
        Port=81,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": other["TargetGroupArn"]}],
    )
    with pytest.raises(Refused, match="staging-lb means 2 things"):
        addresses(aws, "staging-lb")


def test_of_a_load_balancer_with_a_function_too_the_group_with_instances_is_meant(
    cloud: World, aws: Aws, behind: MakeBalancer
) -> None:
    made = behind("application")
    elbv2 = cloud.client("elbv2")
    [function] = elbv2.create_target_group(Name="function", TargetType="lambda")["TargetGroups"]
    forward = {"Type": "forward", "TargetGroupArn": function["TargetGroupArn"]}
    elbv2.create_listener(
        LoadBalancerArn=made.load_balancer_arn, Protocol="HTTP", Port=81, DefaultActions=[forward]
    )

    assert addresses(aws, "staging-lb") == addresses(aws, made.load_balancer_arn) == ["target-group:staging"]


def test_a_load_balancer_with_nothing_but_functions_is_refused_by_their_type(
    cloud: World, aws: Aws, behind: MakeBalancer
) -> None:
    made = behind("application")
    elbv2 = cloud.client("elbv2")
    [function] = elbv2.create_target_group(Name="function", TargetType="lambda")["TargetGroups"]
    [listener] = elbv2.describe_listeners(LoadBalancerArn=made.load_balancer_arn)["Listeners"]
    forward = {"Type": "forward", "TargetGroupArn": function["TargetGroupArn"]}
    elbv2.modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=[forward])
    with pytest.raises(Refused, match="function holds no instances but type lambda"):
        addresses(aws, "staging-lb")


def test_a_name_that_means_nothing_is_answered_with_what_there_is(aws: Aws, behind: MakeBalancer) -> None:
    behind("application")
    with pytest.raises(Refused, match="no target group or load balancer is called stagin") as refusal:
        addresses(aws, "stagin")

    assert refusal.value.advice == "There are: staging"


def test_a_group_that_holds_no_instances_is_not_among_what_there_is(
    cloud: World, aws: Aws, behind: MakeBalancer
) -> None:
    behind("application")
    cloud.client("elbv2").create_target_group(Name="functions", TargetType="lambda")
    with pytest.raises(Refused, match="is called stagin") as refusal:
        addresses(aws, "stagin")

    assert refusal.value.advice == "There are: staging"


def test_a_prefix_that_is_no_kind_is_answered_with_the_kinds(aws: Aws, pair: Pair) -> None:
    with pytest.raises(Refused) as refusal:
        addresses(aws, "targetgroup:staging")

    assert refusal.value.what == (
        "load balancer kind targetgroup (in targetgroup:staging) is not known; "
        "there are: classic, target-group"
    )


def test_the_same_one_named_twice_counts_once(aws: Aws, behind: MakeBalancer) -> None:
    behind("application")

    assert addresses(aws, "staging", "target-group:staging") == ["target-group:staging"]


def test_all_is_every_one_it_is_in_and_every_one_it_was_taken_out_of(
    cloud: World, aws: Aws, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application", name="in")
    behind("classic", name="also-in")
    cloud.target_group("out", instances=[pair.two])
    cloud.target_group("taken-out", instances=[pair.two])

    found = addresses(aws, "all", remembered=("target-group:taken-out",))
    assert sorted(found) == ["classic:also-in", "target-group:in", "target-group:taken-out"]


def test_all_asks_for_the_settings_of_no_group_that_has_it_not(
    cloud: World, aws: Aws, behind: MakeBalancer
) -> None:
    behind("application", name="in")
    elbv2, vpc = cloud.client("elbv2"), cloud.network.vpc
    for number in range(59):
        elbv2.create_target_group(Name=f"other-{number}", Protocol="HTTP", Port=80, VpcId=vpc)
    cloud.classic("classic-other", instances=[])
    instance = find_instance(aws, "Staging-1")
    cloud.journal.clear()

    assert [each.address for each in find_load_balancers(aws, ["all"], instance)] == ["target-group:in"]
    asked = Counter(call.operation for call in cloud.journal.calls)
    assert asked == {
        "DescribeTargetGroups": 1,
        "DescribeTargetHealth": 60,
        "DescribeLoadBalancers": 1,
        "DescribeInstanceHealth": 1,
    }


def test_all_of_nothing_is_an_error(aws: Aws, pair: Pair) -> None:
    with pytest.raises(Refused, match="registered with no load balancer") as nowhere:
        addresses(aws, "all")

    assert nowhere.value.advice == "Name the one that is meant. There are none here at all"
