"""What of a load balancer is moved, and what is kept."""

from typing import Any

from tasks.iam_policy import Narrowed, iam_policy
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site, make_group
from tests.tasks.switch_traffic.conftest import Switch, standing, weights
from tests.tasks.test_iam_policy import OF_ENVIRONMENTS, OF_LOST_COMMANDS

SIGN_IN = {
    "Type": "authenticate-oidc",
    "AuthenticateOidcConfig": {
        "Issuer": "https://example.com",
        "AuthorizationEndpoint": "https://example.com/a",
        "TokenEndpoint": "https://example.com/t",
        "UserInfoEndpoint": "https://example.com/u",
        "ClientId": "me",
        "ClientSecret": "secret",
    },
}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}


def listener(site: Site, port: int, action: dict[str, Any]) -> str:
    [made] = site.elbv2.create_listener(
        LoadBalancerArn=site.blue.load_balancer_arn, Protocol="HTTP", Port=port, DefaultActions=[action]
    )["Listeners"]
    return str(made["ListenerArn"])


def test_every_rule_that_leads_to_blue_is_moved_and_all_else_that_it_does_is_kept(
    site: Site, switch: Switch
) -> None:
    other = make_group(site.cloud, "other")
    to_blue = {"Type": "forward", "TargetGroupArn": site.blue.arn}
    sticky = {"Enabled": True, "DurationSeconds": 60}
    three = site.forward(3, 0, TargetGroupStickinessConfig=sticky)
    three["ForwardConfig"]["TargetGroups"][1] = {"TargetGroupArn": other, "Weight": 1}
    signed_in = site.rule("/mine/*", SIGN_IN, three)
    site.rule("/theirs", {"Type": "forward", "TargetGroupArn": other}, priority=2)
    second = listener(site, 81, to_blue)
    listener(site, 82, REDIRECT)
    there = switch("green", "--from", "blue", "--keep-sticky")
    assert there.returncode == 0, there.stderr

    assert standing(site) == [
        {"blue": 0, "other": 1, "green": 3},
        {"other": 1},
        {"blue": 0, "green": 100},
    ]
    [rule] = site.elbv2.describe_rules(RuleArns=[signed_in])["Rules"]
    assert [each["Type"] for each in rule["Actions"]] == ["authenticate-oidc", "forward"]
    assert rule["Actions"][1]["ForwardConfig"]["TargetGroupStickinessConfig"] == sticky
    assert rule["Conditions"][0]["Values"] == ["/mine/*"]
    [entry] = site.elbv2.describe_listeners(ListenerArns=[second])["Listeners"]
    assert weights(entry["DefaultActions"]) == {"blue": 0, "green": 100}
    assert "HTTP:82 of blue-lb: answers by itself, so nothing is to be moved" in there.stdout
    assert "clients with a cookie of it stay, the last of them for up to 60 s" in there.stdout
    back = switch("--back")
    assert back.returncode == 0, back.stderr
    assert standing(site) == [
        {"blue": 3, "other": 1, "green": 0},
        {"other": 1},
        {"blue": 1},
    ]


def test_of_one_listener_the_rules_of_others_are_left_and_named(site: Site, switch: Switch) -> None:
    second = listener(site, 81, {"Type": "forward", "TargetGroupArn": site.blue.arn})
    by_port = switch("green", "--load-balancer", "blue-lb:80", "--steps", "50")
    by_arn = switch("green", "--listener", second, "--steps", "50")

    assert by_port.returncode == by_arn.returncode == 0, by_port.stderr + by_arn.stderr
    assert "HTTP:81 of blue-lb: leads to blue as well, and is left as it is" in by_port.stdout
    assert "HTTP:80 of blue-lb: leads to blue as well, and is left as it is" in by_arn.stdout
    doubt = switch("--back")
    assert doubt.returncode == 2
    assert "several switches are remembered for blue-lb: green.80, green.81" in doubt.stderr
    assert switch("--back", "--load-balancer", "blue-lb:80").returncode == 0
    assert standing(site) == [{"blue": 1}]
    [entry] = site.elbv2.describe_listeners(ListenerArns=[second])["Listeners"]
    assert weights(entry["DefaultActions"]) == {"blue": 50, "green": 50}


def test_stages_go_on_from_each_other_and_someone_elses_change_stops_them(site: Site, switch: Switch) -> None:
    first = switch("green", "--steps", "10")
    assert first.returncode == 0, first.stderr
    assert "green: 10% of users; go on with more, or --back" in first.stdout
    assert switch("green", "--steps", "10,50").returncode == 0
    assert standing(site) == [{"blue": 50, "green": 50}]
    site.listen(site.forward(70, 30))
    refused = switch("green")
    back = switch("--back")

    assert refused.returncode == back.returncode == 2
    assert "HTTP:80 of blue-lb has blue 70, green 30, which is not what the switch to green" in refused.stderr
    assert "HTTP:80 of blue-lb has blue 70, green 30, where the switch from blue to green by" in back.stderr
    assert "has left blue 50, green 50: nothing is taken back" in back.stderr
    assert standing(site) == [{"blue": 70, "green": 30}]
    site.listen(site.forward(1, 0))
    assert switch("green").returncode == 0


def test_every_call_is_allowed_and_every_action_is_used(site: Site, switch: Switch) -> None:
    policy = iam_policy(["switch-traffic"], Narrowed(regions=["eu-west-1"]))
    listener(site, 81, REDIRECT)
    site.rule("/a", {"Type": "forward", "TargetGroupArn": site.blue.arn})
    site.cloud.faults.allow_only(policy)
    there, back = switch("green", "--steps", "100"), switch("--back")

    assert (there.returncode, back.returncode) == (0, 0), there.stderr + back.stderr
    allowed = {action for part in policy["Statement"] for action in part["Action"]}
    # A name needs these; the history is read where two write at the same moment, and the rest where an
    # environment is named.
    by_name = {each for each in allowed if each.startswith("route53:")}
    seldom = {"elasticloadbalancing:DescribeInstanceHealth", "ssm:GetParameterHistory"}
    seldom |= OF_ENVIRONMENTS | OF_LOST_COMMANDS
    seldom |= {
        f"autoscaling:{each}" for each in ("CreateOrUpdateTags", "DeleteTags", "UpdateAutoScalingGroup")
    }
    seldom -= {"autoscaling:DescribeAutoScalingGroups"}
    assert allowed - by_name - {call.action for call in site.cloud.journal.calls} == seldom
