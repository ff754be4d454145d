"""What is refused in words, with nothing changed."""

from collections.abc import Callable

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site, make_group
from tests.program import CommandLine
from tests.tasks.switch_traffic.conftest import standing


@pytest.fixture
def site(cloud: World) -> Site:
    """Nobody is behind it: what is refused is refused before anybody is asked how they are."""
    blue = cloud.target_group("blue")
    [listener] = cloud.client("elbv2").describe_listeners(LoadBalancerArn=blue.load_balancer_arn)["Listeners"]
    return Site(cloud, blue, make_group(cloud, "green"), listener["ListenerArn"])


def nothing(_: Site) -> None: ...


def two_serve(site: Site) -> None:
    other = {"TargetGroupArn": make_group(site.cloud, "other"), "Weight": 1}
    action = site.forward(1, 0)
    action["ForwardConfig"]["TargetGroups"][1] = other
    site.listen(action)


def no_weight(site: Site) -> None:
    site.rule("/a", site.forward(0, 0))


def no_weight_at_all(site: Site) -> None:
    site.listen(site.forward(0, 0))


def all_places_taken(site: Site) -> None:
    groups = [site.blue.arn, *(make_group(site.cloud, f"group-{number}") for number in range(4))]
    weighted = [{"TargetGroupArn": arn, "Weight": 0 if number else 1} for number, arn in enumerate(groups)]
    site.listen({"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}})


def sticky_targets(site: Site) -> None:
    sticky = [{"Key": "stickiness.enabled", "Value": "true"}]
    site.elbv2.modify_target_group_attributes(TargetGroupArn=site.green, Attributes=sticky)


def a_classic_one(site: Site) -> None:
    site.cloud.classic("old")


def a_group_behind_another(site: Site) -> None:
    site.cloud.target_group("theirs")


def a_group_of_connections(site: Site) -> None:
    make_group(site.cloud, "tcp", kind="network")


AT = ("--load-balancer", "blue-lb")


@pytest.mark.parametrize(
    ("arrange", "words", "what"),
    [
        (nothing, ("green", *AT), "green has no targets"),
        (nothing, ("green",), "give one of --load-balancer, --listener and --record"),
        (nothing, AT, "GREEN is missing"),
        (nothing, ("gren", *AT), "no target group is called gren"),
        (nothing, ("green", "--load-balancer", "blue"), "no load balancer is called blue in"),
        (
            nothing,
            ("green", "--load-balancer", "all"),
            "all means every load balancer that one instance is in",
        ),
        (nothing, ("green", "--load-balancer", "blue-lb:443"), "blue-lb has no listener on port 443"),
        (nothing, ("green", *AT, "--from", "other"), "no rule of blue-lb leads to other"),
        (nothing, ("green", *AT, "--steps", "50,10"), "--steps takes percentages"),
        (nothing, ("green", *AT, "--steps", "0,100"), "--steps takes percentages"),
        (nothing, ("--back", *AT), "no switch is remembered for blue-lb"),
        (two_serve, ("green", *AT), "blue-lb leads to several target groups: blue, other"),
        (no_weight_at_all, ("green", *AT), "HTTP:80 of blue-lb leads nowhere: blue 0, green 0"),
        (no_weight, ("green", *AT, "--from", "blue"), "path-pattern /a leads nowhere: blue 0, green 0"),
        (all_places_taken, ("green", *AT), "HTTP:80 of blue-lb has 5 target groups, the most there can be"),
        (sticky_targets, ("green", *AT), "green keeps clients with its targets"),
        (
            a_classic_one,
            ("green", "--load-balancer", "old"),
            "old is a Classic Load Balancer, which has no weights",
        ),
        (a_group_behind_another, ("theirs", *AT), "theirs is behind another load balancer (theirs-lb)"),
        (a_group_of_connections, ("tcp", *AT), "tcp is for TCP, which blue-lb does not send"),
    ],
)
def test_a_switch_that_cannot_be_made(
    site: Site,
    gocd_tasks: CommandLine,
    arrange: Callable[[Site], None],
    words: tuple[str, ...],
    what: str,
) -> None:
    arrange(site)
    before = standing(site)
    done = gocd_tasks("switch-traffic", *words)

    assert done.returncode == 2, done.stdout + done.stderr
    assert what in done.stderr
    assert "nothing was changed" in done.stderr
    assert standing(site) == before
    assert [call for call in site.cloud.journal.calls if call.operation.startswith(("Modify", "Put"))] == []
