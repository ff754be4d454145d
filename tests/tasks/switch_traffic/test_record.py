"""Users led by the records of a name, and back again."""

import json
from contextlib import ExitStack

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.names.visitors import Resolver, Visitor
from gocd.rehearsal.standin_aws.world import World
from tasks.iam_policy import Narrowed, iam_policy
from tests.gocd.rehearsal.standin_aws.services.route53.zones import make_zone, record
from tests.program import CommandLine
from tests.tasks.killing import killed_at, moments
from tests.tasks.switch_traffic.named import NAME, QUICK, Lead, Named, make_named

pytestmark = pytest.mark.end_to_end

ONE, OTHER, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.fixture
def named(cloud: World) -> Named:
    return make_named(cloud)


def test_users_follow_a_name_by_its_ttl_and_nobody_is_lost(named: Named, lead: Lead) -> None:
    cloud, url_at = named.cloud, named.cloud.parts.url_at
    named.lead(named.alias(named.blue))
    policy = iam_policy(["switch-traffic"], Narrowed("releases", regions=["eu-west-1"]))
    cloud.faults.allow_only(policy)
    with cloud.parts.name_server() as server, ExitStack() as leaving:
        clock = cloud.parts.settings.clock
        by_ttl = Visitor(NAME, Resolver(server.port, clock), url_at)
        late = Visitor(NAME, Resolver(server.port, clock, 86400), url_at)
        staying = Visitor(NAME, Resolver(server.port, clock), url_at, stays=True)
        leaving.callback(staying.leave)
        everyone = (by_ttl, late, staying)
        before = {each.ask() for each in everyone}
        assert len(before) == 1
        answered: list[tuple[int, str]] = []
        cloud.faults.after_call = lambda _: answered.append(by_ttl.ask())

        there = lead("green-lb")
        assert there.returncode == 0, there.stderr
        assert {status for status, _ in answered} == {200}
        assert by_ttl.ask() not in before
        assert {late.ask(), staying.ask()} == before
        lines = there.stdout.splitlines()
        told = [
            next(number for number, line in enumerate(lines) if words in line)
            for words in (
                "a resolver keeps an answer for 60 s",
                f"{NAME}: blue-lb 1, green-lb 0 -> blue-lb 0, green-lb 100",
                f"{NAME}: known to all name servers",
                "green-lb: well with 100% of users",
                "blue-lb: no request since",
                "green-lb: all users; blue-lb is left without any",
            )
        ]
        assert told == sorted(told)
        assert named.written() == 1

        again = lead("green-lb")
        assert again.returncode == 0
        assert "green-lb: all users, and nothing to do" in again.stdout
        back = lead("--back")
        assert back.returncode == 0, back.stderr
        assert {by_ttl.ask()} == before
        assert named.targets() == ["blue"]
        assert "nothing to do" in lead("--back").stdout


@pytest.mark.exhaustive
def test_a_weighted_name_is_led_in_steps_and_leaves_green_beside_blue(named: Named, lead: Lead) -> None:
    named.lead(
        named.alias(named.blue, SetIdentifier="Blue side", Weight=7),
        record("k=v", kind="A", name=f"x.{NAME}") | {"ResourceRecords": [{"Value": ONE}]},
    )

    there = lead("green-lb", "--steps", "50,100")
    assert there.returncode == 0, there.stderr
    assert f"{NAME}: Blue%20side alone -> Blue%20side 100, green-lb 0" in there.stdout
    assert "Blue%20side 100, green-lb 0 -> Blue%20side 50, green-lb 50" in there.stdout
    assert "shares are of the answers to resolvers" in there.stdout
    assert named.weights() == {"Blue side": 0, "green-lb": 100}
    assert named.targets() == ["blue", "green"]
    back = lead("--back")
    assert back.returncode == 0, back.stderr
    assert named.weights() == {"Blue side": 100, "green-lb": 0}


def test_what_a_check_finds_wrong_takes_users_back(named: Named, lead: Lead) -> None:
    named.lead(
        named.alias(named.blue, evaluate=True, SetIdentifier="blue", Weight=3),
        named.alias(named.green, evaluate=True, SetIdentifier="green", Weight=0),
    )

    done = lead("green-lb", "--steps", "10,100", "--check", "false")
    assert "whenever a target group of green-lb has nobody healthy, users are led to A (blue)" in done.stdout
    assert done.returncode == 1
    assert "at 10%: false" in done.stderr
    assert named.weights() == {"blue": 100, "green": 0}


def test_all_types_of_a_name_are_exchanged_in_one_batch_and_a_ttl_that_changes_meanwhile_is_kept(
    named: Named, lead: Lead
) -> None:
    addresses = record(ONE, ttl=20), record("2001:db8::1", kind="AAAA", ttl=20)
    named.lead(*addresses)

    def meanwhile(call: Call) -> None:
        if call.operation == "ChangeResourceRecordSets":
            named.cloud.faults.before_call = None
            named.zone.change(("UPSERT", {**addresses[0], "TTL": 5}))

    named.cloud.faults.before_call = meanwhile
    done = lead(f"{OTHER},2001:db8::2")
    assert done.returncode == 0, done.stderr
    assert named.targets() == [OTHER, "2001:db8::2"]
    assert [each["TTL"] for each in named.zone.list()] == [5, 20]
    assert f"whether {ONE},2001:db8::1 is silent cannot be told" in done.stdout


def test_who_leads_the_name_elsewhere_at_that_moment_is_not_written_over(named: Named, lead: Lead) -> None:
    named.lead(record(ONE, ttl=20))

    def meanwhile(call: Call) -> None:
        if call.operation == "ChangeResourceRecordSets":
            named.cloud.faults.before_call = None
            named.zone.change(("UPSERT", record(THIRD, ttl=20)))

    named.cloud.faults.before_call = meanwhile
    done = lead(OTHER)
    assert done.returncode == 1
    assert f"{NAME} has {THIRD} alone" in done.stderr
    assert "someone else changes it" in done.stderr
    assert named.targets() == [THIRD]


@pytest.mark.parametrize("every", [False, True], ids=["the change", "each call"])
@pytest.mark.parametrize("back", [False, True], ids=["forth", "back"])
@pytest.mark.exhaustive
def test_killed_on_the_way_the_same_command_again_heals(
    named: Named, lead: Lead, gocd_tasks: CommandLine, every: bool, back: bool
) -> None:
    named.lead(record(ONE, ttl=5))
    ways = {False: (OTHER, *QUICK, "--unproved"), True: ("--back",)}
    words = ("switch-traffic", *ways[back], "--record", NAME)
    for there in (False, True)[: 1 + back]:
        named.cloud.journal.clear()
        assert lead(*ways[there]).returncode == 0
    found = moments(named.cloud.journal.calls, every=True)
    kills = [each for each in found if every or each.operation == "ChangeResourceRecordSets"]
    assert kills
    for moment in kills:
        assert lead(*ways[not back]).returncode == 0
        killed_at(named.cloud, moment, gocd_tasks, *words)
        again = gocd_tasks(*words, "--lock-wait", "300")

        assert again.returncode == 0, f"after kill -9 at {moment}: {again.stderr}"
        assert named.targets() == [ONE if back else OTHER]
        remembered = named.cloud.client("ssm").get_parameters_by_path(
            Path="/gocd-tasks/switch", Recursive=True
        )["Parameters"]
        states = [json.loads(each["Value"])["state"] for each in remembered]
        assert states == ["back" if back else "done"], f"after kill -9 at {moment}"


def test_a_dry_run_tells_all_and_changes_nothing(named: Named, lead: Lead) -> None:
    named.lead(named.alias(named.blue, evaluate=True))

    done = lead("green-lb", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: blue-lb 1, green-lb 0 -> blue-lb 0, green-lb 100" in done.stdout
    assert "nobody healthy, users are led there all the same, as there is no other record" in done.stdout
    looks = ("Describe", "Get", "List")
    assert [each for each in named.cloud.journal.calls if not each.operation.startswith(looks)] == []


@pytest.mark.exhaustive
def test_a_classic_load_balancer_is_led_to_unless_its_health_check_fails(named: Named, lead: Lead) -> None:
    cloud = named.cloud
    policy = iam_policy(["switch-traffic"], Narrowed("releases", regions=["eu-west-1"]))
    old = cloud.classic("old", instances=[each for each in cloud.parts.instances if each.name == "Green-1"])
    config = {"Type": "HTTP", "IPAddress": ONE, "Port": 80, "ResourcePath": "/"}
    made = cloud.client("route53").create_health_check(CallerReference="1", HealthCheckConfig=config)
    check = made["HealthCheck"]["Id"]
    named.lead(
        named.alias(named.blue, SetIdentifier="blue", Weight=1),
        named.alias(old, SetIdentifier="old", Weight=0, HealthCheckId=check),
    )
    cloud.faults.allow_only(policy)
    cloud.parts.route53.failing.add(check)

    refused = lead("old", "--steps", "100")
    assert refused.returncode == 2
    assert "old: its health check fails" in refused.stderr
    cloud.parts.route53.failing.clear()
    done = lead("old", "--steps", "100")
    assert done.returncode == 0, done.stderr
    assert named.weights() == {"blue": 0, "old": 100}
    used = {each.action for each in cloud.journal.calls}
    allowed = {action for part in policy["Statement"] for action in part["Action"]}
    at_names = {each for each in allowed if each.startswith("route53:")}
    assert at_names - {"route53:ListHostedZoneChangeBatches"} <= used, "asked once somebody is in between"
    assert "elasticloadbalancing:DescribeInstanceHealth" in used


def test_a_name_in_two_hosted_zones_is_led_in_the_one_that_is_said(cloud: World, lead: Lead) -> None:
    named = make_named(cloud, served=False)
    inside = make_zone(cloud, private=True)
    for each in (named.zone, inside):
        each.create(record(ONE, ttl=1))

    assert "in several hosted zones" in lead(OTHER).stderr
    done = lead(OTHER, "--zone", inside.id)
    assert done.returncode == 0, done.stderr
    assert "(public) are left as they are" in done.stdout
    assert json.dumps(inside.list()).count(OTHER) == 1
    assert named.targets() == [ONE]
