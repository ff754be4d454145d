"""Names are answered as Route 53 answers them, and users come where they are led, some of them late."""

from collections import Counter
from collections.abc import Iterator

import pytest
from dnslib import RCODE, DNSRecord

from gocd.rehearsal.standin_aws.names.name_server import NameServer
from gocd.rehearsal.standin_aws.names.visitors import Resolver, Visitor
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair
from tests.gocd.rehearsal.standin_aws.services.route53.zones import (
    APEX,
    NAME,
    ONE,
    OTHER,
    Zone,
    alias,
    make_zone,
    member,
    record,
)


@pytest.fixture
def zone(cloud: World) -> Zone:
    return make_zone(cloud)


@pytest.fixture
def server(cloud: World) -> Iterator[NameServer]:
    with cloud.parts.name_server() as server:
        yield server


def resolver(cloud: World, server: NameServer, least: float = 0.0) -> Resolver:
    return Resolver(server.port, cloud.parts.settings.clock, least)


def shares(cloud: World, server: NameServer, times: int = 200) -> Counter[str]:
    """Ask as so many resolvers that know nothing yet."""
    return Counter(resolver(cloud, server).ask(NAME)[0] for _ in range(times))


def test_name_servers_answer_by_a_change_only_once_it_is_in_sync(
    cloud: World, zone: Zone, server: NameServer
) -> None:
    zone.create(record(ONE, ttl=0))
    asking = resolver(cloud, server)

    assert asking.ask(NAME) == []
    zone.known()
    assert asking.ask(NAME) == [], "that there is no such name is kept as well"
    cloud.let_pass(901)
    assert asking.ask(NAME) == [ONE]
    change = zone.change(("DELETE", record(ONE, ttl=0)), ("CREATE", record(OTHER, ttl=0)))
    assert asking.ask(NAME) == [ONE]
    assert zone.status(change) == "PENDING"
    zone.known()
    assert asking.ask(NAME) == [OTHER]


def test_a_resolver_keeps_an_answer_for_its_ttl_or_for_longer(
    cloud: World, zone: Zone, server: NameServer
) -> None:
    zone.create(record(ONE, ttl=300))
    zone.known()
    true, late = resolver(cloud, server), resolver(cloud, server, 3600)
    for each in (true, late):
        assert [each.ask(NAME) for _ in range(50)] == [[ONE]] * 50
    assert server.asked == [(f"{NAME}.", "A")] * 2
    zone.change(("DELETE", record(ONE, ttl=300)), ("CREATE", record(OTHER, ttl=300)))

    cloud.let_pass(200)
    assert (true.ask(NAME), late.ask(NAME)) == ([ONE], [ONE])
    cloud.let_pass(101)
    assert (true.ask(NAME), late.ask(NAME)) == ([OTHER], [ONE])
    cloud.let_pass(3600)
    assert late.ask(NAME) == [OTHER]


def test_weights_are_shares_of_answers_and_the_healthy_come_first(
    cloud: World, zone: Zone, server: NameServer
) -> None:
    config = {"Type": "HTTP", "IPAddress": OTHER, "Port": 80, "ResourcePath": "/"}
    made = cloud.client("route53").create_health_check(CallerReference="1", HealthCheckConfig=config)
    check = made["HealthCheck"]["Id"]
    blue, green = member("blue", 90, ONE), member("green", 10, OTHER, HealthCheckId=check)
    zone.create(blue, green)
    zone.known()

    assert 5 <= shares(cloud, server)[OTHER] <= 40
    zone.change(("UPSERT", {**blue, "Weight": 0}), ("UPSERT", {**green, "Weight": 1}))
    zone.known()
    assert set(shares(cloud, server, 20)) == {OTHER}
    cloud.parts.route53.failing.add(check)
    assert set(shares(cloud, server, 20)) == {ONE}, "at weight 0 it still stands by"
    zone.change(("UPSERT", {**green, "Weight": 0}))
    cloud.parts.route53.failing.clear()
    zone.known()
    assert set(shares(cloud, server, 50)) == {ONE, OTHER}, "all at 0 are all alike"


def test_an_alias_takes_a_load_balancer_with_an_empty_target_group_for_unwell(
    cloud: World, pair: Pair, zone: Zone, server: NameServer
) -> None:
    web = cloud.target_group("web", instances=[pair[0]])
    other = cloud.target_group("other", instances=[pair[1]])
    zone.create(
        alias(cloud, web, evaluate=True, SetIdentifier="web", Weight=1),
        alias(cloud, other, evaluate=True, SetIdentifier="other", Weight=0),
    )
    zone.known()
    [at_web] = set(shares(cloud, server, 20))

    [empty] = cloud.client("elbv2").create_target_group(
        Name="empty", Protocol="HTTP", Port=8080, VpcId=cloud.network.vpc
    )["TargetGroups"]
    [listener] = cloud.client("elbv2").describe_listeners(LoadBalancerArn=web.load_balancer_arn)["Listeners"]
    cloud.client("elbv2").modify_listener(
        ListenerArn=listener["ListenerArn"],
        DefaultActions=[
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": web.arn, "Weight": 1},
                        {"TargetGroupArn": empty["TargetGroupArn"], "Weight": 0},
                    ]
                },
            }
        ],
    )

    assert at_web not in shares(cloud, server, 20)


def test_what_there_is_none_of_is_told_with_the_zones_start(
    cloud: World, zone: Zone, server: NameServer
) -> None:
    zone.create(record(ONE), record(ONE, name=f"*.{APEX}"), record(NAME, kind="CNAME", name=f"c.{APEX}"))
    zone.known()

    def asked(name: str, kind: str) -> DNSRecord:
        question = DNSRecord.question(name, kind)
        return DNSRecord.parse(question.send("127.0.0.1", server.port, tcp=True, timeout=5))

    nothing = asked(NAME, "AAAA")
    assert (nothing.header.rcode, len(nothing.rr), len(nothing.auth)) == (RCODE.NOERROR, 0, 1)
    assert asked("other.org", "A").header.rcode == RCODE.REFUSED
    assert [str(each.rdata) for each in asked(f"any.{APEX}", "A").rr] == [ONE]
    assert [str(each.rdata) for each in asked(f"C.{APEX}", "A").rr] == [f"{NAME}.", ONE]


def test_users_come_where_they_are_led_and_one_who_stays_connected_asks_nobody(
    cloud: World, pair: Pair, zone: Zone, server: NameServer
) -> None:
    blue = cloud.target_group("blue", instances=[pair[0]])
    green = cloud.target_group("green", instances=[pair[1]])
    zone.create(alias(cloud, blue))
    zone.known()
    url_at = cloud.parts.url_at
    by_ttl = Visitor(NAME, resolver(cloud, server), url_at)
    late = Visitor(NAME, resolver(cloud, server, 3600), url_at)
    staying = Visitor(NAME, resolver(cloud, server), url_at, stays=True)
    everyone = (by_ttl, late, staying)
    before = [each.ask()[1] for each in everyone]
    assert len(set(before)) == 1

    zone.change(("DELETE", alias(cloud, blue)), ("CREATE", alias(cloud, green)))
    zone.known()
    after = [each.ask()[1] for each in everyone]
    assert after[0] != before[0], "the TTL of a load balancer's name is 60 seconds"
    assert after[1:] == before[1:]
    staying.leave()
    assert staying.ask()[1] == after[0]
    staying.leave()
