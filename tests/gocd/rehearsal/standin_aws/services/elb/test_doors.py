import http.client
from collections import Counter
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair, eventually, get, in_time
from tests.gocd.rehearsal.standin_aws.data.test_data_plane import traffic
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Client, Site, make_group, make_site, shares

STICKY = {"TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 600}}


def test_shares_are_those_of_the_weights_also_on_a_connection_that_is_kept(cloud: World, pair: Pair) -> None:
    site = make_site(cloud, pair)
    site.listen(site.forward(0, 100))
    eventually(lambda: get(site.blue.url), pair[1].private_ip)
    with closing(Client(site.blue.url)) as client:
        site.listen(site.forward(90, 10))
        eventually(lambda: len(client.answers(30)), 2)

        assert shares(client.answers(1000), [pair[1].private_ip]) == [pytest.approx(10, abs=3)]


def test_a_listener_follows_some_time_after_aws_has_said_so(cloud: World, pair: Pair) -> None:
    site = make_site(cloud, pair)
    site.listen(site.forward(100, 0))
    in_time(cloud, site.green_state, "healthy")
    site.listen(site.forward(0, 100))

    assert get(site.blue.url) == pair[0].private_ip
    in_time(cloud, lambda: get(site.blue.url), pair[1].private_ip)


def test_a_group_is_checked_as_soon_as_a_rule_has_it_at_whatever_weight(cloud: World, pair: Pair) -> None:
    site = make_site(cloud, pair)
    assert site.green_state() == "unused"

    site.rule("/nobody", site.forward(100, 0))
    in_time(cloud, site.green_state, "healthy")
    assert {get(site.blue.url) for _ in range(10)} == {pair[0].private_ip}


def test_rules_share_by_weights_of_their_own(cloud: World, pair: Pair) -> None:
    site = make_site(cloud, pair)
    site.rule("/new/*", site.forward(0, 1))
    answer = {"StatusCode": "404", "MessageBody": "gone", "ContentType": "text/plain"}
    site.rule("/old", {"Type": "fixed-response", "FixedResponseConfig": answer}, priority=2)
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    site.rule("/moved", {"Type": "redirect", "RedirectConfig": redirect}, priority=3)
    in_time(cloud, lambda: get(f"{site.blue.url}new/page"), pair[1].private_ip)

    assert get(site.blue.url) == get(f"{site.blue.url}new") == pair[0].private_ip
    assert get(f"{site.blue.url}old") == "404"
    with closing(Client(site.blue.url)) as client:
        assert client.ask("/moved")[0] == 301


def test_who_has_a_cookie_stays_with_its_group_at_weight_0(cloud: World, pair: Pair) -> None:
    site = make_site(cloud, pair)
    site.listen(site.forward(1, 0, **STICKY))
    in_time(cloud, site.green_state, "healthy")
    with closing(Client(site.blue.url)) as holder:
        in_time(cloud, lambda: (holder.ask()[0], holder.cookie[:9]), (200, "AWSALBTG="))
        site.listen(site.forward(0, 1, **STICKY))
        in_time(cloud, lambda: get(site.blue.url), pair[1].private_ip)

        assert holder.answers(20) == Counter({pair[0].private_ip: 20})
        assert "blue" not in holder.cookie


def test_without_any_weight_nobody_is_served_and_a_group_alone_has_all(cloud: World, pair: Pair) -> None:
    site = make_site(cloud, pair)
    site.listen(site.forward(0, 0))
    in_time(cloud, lambda: get(site.blue.url), "503")
    alone = {"TargetGroups": [{"TargetGroupArn": site.blue.arn, "Weight": 0}]}
    site.listen({"Type": "forward", "ForwardConfig": alone})

    in_time(cloud, lambda: get(site.blue.url), pair[0].private_ip)


def test_a_network_load_balancer_leaves_connections_with_the_group_they_have(
    cloud: World, pair: Pair
) -> None:
    site = make_site(cloud, pair, "network")
    site.listen(site.forward(1, 0))
    in_time(cloud, site.green_state, "healthy")
    held = http.client.HTTPConnection(urlsplit(site.blue.url).netloc, timeout=10)

    def ask() -> str:
        held.request("GET", "/")
        return held.getresponse().read().decode()

    with closing(held):
        assert ask() == pair[0].private_ip
        site.listen(site.forward(0, 1))
        in_time(cloud, lambda: get(site.blue.url), pair[1].private_ip)

        assert {ask() for _ in range(10)} == {pair[0].private_ip}


@pytest.mark.parametrize("kind", ["network", "application"])
def test_one_group_in_place_of_another_costs_nobody_an_answer(cloud: World, pair: Pair, kind: str) -> None:
    site = make_site(cloud, pair, kind)
    with traffic(site.blue.url, clients=2) as answers:
        for number in range(2):
            group = make_group(cloud, f"green-{number}", kind)
            target = {"Id": pair[number % 2].id}
            site.elbv2.register_targets(TargetGroupArn=group, Targets=[target])
            site.listen({"Type": "forward", "TargetGroupArn": group})
            eventually(partial(state, site, group), "healthy")
            cloud.let_pass(3)
            eventually(partial(grown, answers, answers.total() + 50), True)

    assert answers.keys() == {each.private_ip for each in pair}


def state(site: Site, group: str) -> str:
    [told] = site.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return str(told["TargetHealth"]["State"])


def grown(answers: Counter[str], least: int) -> bool:
    return answers.total() > least
