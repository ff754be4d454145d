from collections.abc import Callable
from typing import Any

import botocore.exceptions
import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site, make_group, make_site

OIDC = {
    "Issuer": "https://example.com",
    "AuthorizationEndpoint": "https://example.com/a",
    "TokenEndpoint": "https://example.com/t",
    "UserInfoEndpoint": "https://example.com/u",
    "ClientId": "me",
}


@pytest.fixture
def site(cloud: World) -> Site:
    blue = cloud.target_group("blue")
    elbv2 = cloud.client("elbv2")
    [listener] = elbv2.describe_listeners(LoadBalancerArn=blue.load_balancer_arn)["Listeners"]
    return Site(cloud, blue, make_group(cloud, "green"), listener["ListenerArn"])


def sign_in(**more: Any) -> dict[str, Any]:
    return {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {**OIDC, **more}}


def six(site: Site) -> dict[str, Any]:
    arns = [make_group(site.cloud, f"group-{number}") for number in range(6)]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn} for arn in arns]}}


def elsewhere(site: Site) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": site.cloud.target_group("theirs").arn}


def of_connections(site: Site) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": make_group(site.cloud, "tcp", kind="network")}


def with_sticky_targets(site: Site) -> dict[str, Any]:
    sticky = [{"Key": "stickiness.enabled", "Value": "true"}]
    site.elbv2.modify_target_group_attributes(TargetGroupArn=site.blue.arn, Attributes=sticky)
    return site.forward(1, 0)


def sticky_for(seconds: int) -> Callable[[Site], dict[str, Any]]:
    config = {"Enabled": True, "DurationSeconds": seconds}
    return lambda site: site.forward(1, 0, TargetGroupStickinessConfig=config)


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda site: site.forward(-1, 1), "ValidationError"),
        (lambda site: site.forward(1000, 1), "ValidationError"),
        (lambda site: {**site.forward(1, 0), "TargetGroupArn": site.green}, "ValidationError"),
        (lambda site: {**site.forward(1, 0), "Order": 50_001}, "ValidationError"),
        (six, "ValidationError"),
        (sticky_for(0), "ValidationError"),
        (sticky_for(604_801), "ValidationError"),
        (elsewhere, "TargetGroupAssociationLimit"),
        (of_connections, "IncompatibleProtocols"),
        (with_sticky_targets, "InvalidConfigurationRequest"),
        (lambda _: sign_in(ClientSecret="x"), "InvalidLoadBalancerAction"),
    ],
)
def test_what_aws_refuses_is_refused_of_listeners_and_of_rules(
    site: Site, action: Callable[[Site], dict[str, Any]], code: str
) -> None:
    rule = site.rule("/a", {"Type": "forward", "TargetGroupArn": site.blue.arn})
    wanted = action(site)
    before = site.rules()

    for change in (
        lambda: site.listen(wanted),
        lambda: site.elbv2.modify_rule(RuleArn=rule, Actions=[wanted]),
        lambda: site.rule("/b", wanted, priority=2),
    ):
        with pytest.raises(botocore.exceptions.ClientError, match=code):
            change()
    assert site.rules() == before


def test_a_forward_is_told_in_each_form_that_it_has(site: Site) -> None:
    [default] = site.rules()
    [one] = default["Actions"]
    site.listen(site.forward(3, 1))
    [two] = site.rules()[0]["Actions"]
    [listener] = site.elbv2.describe_listeners(ListenerArns=[site.listener])["Listeners"]

    assert one["TargetGroupArn"] == site.blue.arn
    assert one["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": site.blue.arn, "Weight": 1}]
    assert "TargetGroupArn" not in two
    assert [each["Weight"] for each in two["ForwardConfig"]["TargetGroups"]] == [3, 1]
    assert one["Order"] == two["Order"] == 1
    assert listener["DefaultActions"] == [two]
    assert "SslPolicy" not in listener


def test_a_client_secret_is_told_to_nobody_and_has_to_be_kept_by_name(site: Site) -> None:
    forward = site.forward(1, 0)
    site.listen(sign_in(ClientSecret="secret"), forward)
    [told, _] = site.rules()[0]["Actions"]
    with pytest.raises(botocore.exceptions.ClientError, match="client secret"):
        site.listen(told, forward)

    assert "ClientSecret" not in told["AuthenticateOidcConfig"]
    site.listen(sign_in(UseExistingClientSecret=True), site.forward(0, 1))
    assert [each["Type"] for each in site.rules()[0]["Actions"]] == ["authenticate-oidc", "forward"]


def test_a_default_rule_is_changed_with_its_listener_only_and_can_have_tags(site: Site) -> None:
    [default] = site.rules()
    with pytest.raises(botocore.exceptions.ClientError, match="OperationNotPermitted"):
        site.elbv2.modify_rule(RuleArn=default["RuleArn"], Actions=[site.forward(1, 0)])

    site.elbv2.add_tags(ResourceArns=[default["RuleArn"]], Tags=[{"Key": "a", "Value": "b"}])
    for value in ("x" * 257, "{}", "a,b"):
        with pytest.raises(botocore.exceptions.ClientError, match="ValidationError"):
            site.elbv2.add_tags(ResourceArns=[site.listener], Tags=[{"Key": "a", "Value": value}])
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    with pytest.raises(botocore.exceptions.ClientError, match="TooManyTags"):
        site.elbv2.add_tags(ResourceArns=[site.listener], Tags=many)


def test_targets_cannot_become_sticky_in_a_group_that_shares_a_rule(site: Site) -> None:
    sticky = [{"Key": "stickiness.enabled", "Value": "true"}]
    site.listen(site.forward(1, 0))
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidConfigurationRequest"):
        site.elbv2.modify_target_group_attributes(TargetGroupArn=site.green, Attributes=sticky)

    site.listen(sticky_for(60)(site))
    site.elbv2.modify_target_group_attributes(TargetGroupArn=site.green, Attributes=sticky)


def test_the_load_balancers_of_a_group_are_those_whose_rules_have_it(cloud: World, pair: Pair) -> None:
    site = make_site(cloud, pair)

    def using() -> list[str]:
        [group] = site.elbv2.describe_target_groups(TargetGroupArns=[site.green])["TargetGroups"]
        return list(group.get("LoadBalancerArns", []))

    assert using() == []
    site.listen(site.forward(1, 0))
    assert using() == [site.blue.load_balancer_arn]
    behind = site.elbv2.describe_target_groups(LoadBalancerArn=site.blue.load_balancer_arn)["TargetGroups"]
    assert {each["TargetGroupArn"] for each in behind} == {site.blue.arn, site.green}
