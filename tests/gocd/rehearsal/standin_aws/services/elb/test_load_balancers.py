import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair, get


def test_an_unknown_name_is_not_found_in_aws_words(cloud: World, pair: Pair) -> None:
    cloud.target_group("web", instances=pair)
    elbv2 = cloud.client("elbv2")

    with pytest.raises(
        elbv2.exceptions.LoadBalancerNotFoundException, match=r"Load balancers '\[nope\]' not found"
    ):
        elbv2.describe_load_balancers(Names=["web-lb", "nope"])
    with pytest.raises(
        elbv2.exceptions.TargetGroupNotFoundException, match="One or more target groups not found"
    ):
        elbv2.describe_target_groups(Names=["nope"])


def test_a_network_load_balancer_is_one_by_arn_and_crosses_no_zones(cloud: World, pair: Pair) -> None:
    network = cloud.target_group("net", kind="network", instances=pair)
    application = cloud.target_group("web", instances=pair)
    elbv2 = cloud.client("elbv2")

    def cross_zone(arn: str) -> str:
        told = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        return str({each["Key"]: each["Value"] for each in told}["load_balancing.cross_zone.enabled"])

    assert ":loadbalancer/net/net-lb/" in network.load_balancer_arn
    assert cross_zone(network.load_balancer_arn) == "false"
    assert cross_zone(application.load_balancer_arn) == "true"
    [group] = elbv2.describe_target_groups(LoadBalancerArn=network.load_balancer_arn)["TargetGroups"]
    assert group["LoadBalancerArns"] == [network.load_balancer_arn]
    assert get(network.url) in {pair[0].private_ip, pair[1].private_ip}


def test_a_groups_own_cross_zone_setting_is_its_load_balancers_unless_said(cloud: World, pair: Pair) -> None:
    elbv2 = cloud.client("elbv2")

    def cross_zone(arn: str) -> str:
        told = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        return str({each["Key"]: each["Value"] for each in told}["load_balancing.cross_zone.enabled"])

    assert cross_zone(cloud.target_group("web", instances=pair).arn) == "use_load_balancer_configuration"
    assert cross_zone(cloud.target_group("off", instances=pair, cross_zone=False).arn) == "false"


def test_target_groups_are_told_in_pages(cloud: World) -> None:
    elbv2 = cloud.client("elbv2")
    for number in range(5):
        elbv2.create_target_group(Name=f"web-{number}", Protocol="HTTP", Port=80, VpcId=cloud.network.vpc)
    pages = list(elbv2.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 2}))

    assert [len(page["TargetGroups"]) for page in pages] == [2, 2, 1]
    assert len(elbv2.describe_target_groups()["TargetGroups"]) == 5
