"""Every kind of record that leads users: how each is led, and what of it is left as it is."""

from typing import Any

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.route53.zones import (
    APEX,
    ONE,
    OTHER,
    Zone,
    make_zone,
    member,
    record,
)
from tests.program import CommandLine
from tests.tasks.killing import killed_at, moments
from tests.tasks.switch_traffic.named import NAME, QUICK, Lead, Named, make_named

pytestmark = pytest.mark.end_to_end

THIRD = "192.0.2.3"
BLUE, GREEN = f"blue.{APEX}", f"green.{APEX}"
CIDRS = "c8c02a84-aaaa-bbbb-e0d2-d833a2f80106"


@pytest.fixture
def zone(cloud: World) -> Zone:
    return make_zone(cloud)


def begin(zone: Zone, *sets: dict[str, Any]) -> None:
    zone.create(*sets)
    zone.known()


def led(zone: Zone, name: str = NAME) -> dict[str, str]:
    """Give where each record set leads, by its type and identifier."""
    found = {}
    for each in zone.list(name):
        alias = each.get("AliasTarget", {}).get("DNSName", "")
        told = ",".join(value["Value"] for value in each.get("ResourceRecords", []))
        found[f"{each['Type']} {each.get('SetIdentifier', '')}".strip()] = told or alias
    return found


LOCATIONS: dict[str, list[dict[str, Any]]] = {
    "latency": [{"Region": each} for each in ("eu-west-1", "eu-west-2", "us-east-1")],
    "geolocation": [{"GeoLocation": {"CountryCode": each}} for each in ("DE", "FR", "*")],
    "geoproximity": [
        {"GeoProximityLocation": {"AWSRegion": each, "Bias": 1}}
        for each in ("eu-west-1", "eu-west-2", "us-east-1")
    ],
    "IP-based": [
        {"CidrRoutingConfig": {"CollectionId": CIDRS, "LocationName": each}} for each in ("a", "b", "*")
    ],
}


@pytest.mark.parametrize(("policy", "places"), LOCATIONS.items(), ids=LOCATIONS)
def test_of_records_by_place_those_that_lead_to_blue_are_replaced_and_named(
    zone: Zone, lead: Lead, policy: str, places: list[dict[str, Any]]
) -> None:
    values = (ONE, ONE, THIRD)
    sets = [
        record(value, ttl=1, SetIdentifier=f"p{number}", **place)
        for number, (value, place) in enumerate(zip(values, places, strict=True))
    ]
    begin(zone, *sets)

    done = lead(OTHER, "--from", ONE)
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: {policy}, A, in the hosted zone" in done.stdout
    assert f"{NAME}: A (p0) and A (p1) lead to {ONE}, and are replaced" in done.stdout
    assert f"{NAME}: A (p2) are left as they are" in done.stdout
    assert led(zone) == {"A p0": OTHER, "A p1": OTHER, "A p2": THIRD}
    kept = [{name: each[name] for name in place} for each, place in zip(zone.list(), places, strict=True)]
    assert kept == places


def test_the_first_of_a_failover_pair_is_replaced_in_its_role_and_given_back(zone: Zone, lead: Lead) -> None:
    begin(
        zone,
        record(ONE, ttl=1, SetIdentifier="one", Failover="PRIMARY"),
        record(THIRD, ttl=1, SetIdentifier="two", Failover="SECONDARY"),
    )

    done = lead(OTHER)
    assert done.returncode == 0, done.stderr
    assert led(zone) == {"A one": OTHER, "A two": THIRD}
    assert [each["Failover"] for each in zone.list()] == ["PRIMARY", "SECONDARY"]
    back = lead("--back")
    assert back.returncode == 0, back.stderr
    assert led(zone) == {"A one": ONE, "A two": THIRD}


def test_a_simple_record_is_weighted_while_both_have_users_and_plain_before_and_after(
    zone: Zone, lead: Lead
) -> None:
    begin(zone, record(ONE, ttl=1), record("2001:db8::1", kind="AAAA", ttl=1))
    green = f"{OTHER},2001:db8::2"

    part = lead(green, "--steps", "25")
    assert part.returncode == 0, part.stderr
    assert "weighted for as long as both have users, and simple again before and after that" in part.stdout
    assert led(zone) == {
        "A blue": ONE,
        "A green": OTHER,
        "AAAA blue": "2001:db8::1",
        "AAAA green": "2001:db8::2",
    }
    assert [each["Weight"] for each in zone.list()] == [75, 25] * 2
    back = lead("--back")
    assert back.returncode == 0, back.stderr
    assert led(zone) == {"A": ONE, "AAAA": "2001:db8::1"}
    there = lead(green, "--steps", "25,100")
    assert there.returncode == 0, there.stderr
    assert led(zone) == {"A": OTHER, "AAAA": "2001:db8::2"}
    assert [each["TTL"] for each in zone.list()] == [1, 1]


@pytest.mark.exhaustive
def test_killed_after_any_write_while_both_have_users_the_same_command_again_heals(
    zone: Zone, lead: Lead, gocd_tasks: CommandLine
) -> None:
    begin(zone, record(ONE, ttl=1))
    steps = (OTHER, "--steps", "50,100")
    assert lead(*steps).returncode == 0
    writes = moments(zone.cloud.journal.calls, every=False)
    assert len([each for each in writes if each.operation == "ChangeResourceRecordSets"]) == 2
    for moment in writes:
        assert lead("--back").returncode == 0
        assert led(zone) == {"A": ONE}
        words = ("switch-traffic", *steps, "--record", NAME, *QUICK, "--unproved")
        killed_at(zone.cloud, moment, gocd_tasks, *words)
        again = lead(*steps, "--lock-wait", "300")

        assert again.returncode == 0, f"after kill -9 at {moment}: {again.stderr}"
        assert led(zone) == {"A": OTHER}, f"after kill -9 at {moment}"


def test_a_name_that_another_answers_with_is_led_by_the_records_of_that(zone: Zone, lead: Lead) -> None:
    alias = {
        "HostedZoneId": zone.id.rpartition("/")[2],
        "DNSName": f"{BLUE}.",
        "EvaluateTargetHealth": False,
    }
    begin(zone, record(ONE, ttl=7, name=BLUE))
    begin(zone, {"Name": NAME, "Type": "A", "AliasTarget": alias})

    done = lead(OTHER)
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: an alias of {BLUE}, so users are led by that" in done.stdout
    assert f"{BLUE}: a resolver keeps an answer for 7 s" in done.stdout
    assert led(zone, BLUE) == {"A": OTHER}
    assert led(zone) == {"A": f"{BLUE}."}


def test_members_that_are_aliases_of_the_same_zone_are_weighed_and_made_with_its_ttl(
    zone: Zone, lead: Lead
) -> None:
    own = zone.id.rpartition("/")[2]
    alias = {"HostedZoneId": own, "DNSName": f"{BLUE}.", "EvaluateTargetHealth": False}
    begin(zone, record(ONE, ttl=2, name=BLUE), record(OTHER, ttl=3, name=GREEN))
    begin(zone, {"Name": NAME, "Type": "A", "SetIdentifier": "a", "Weight": 1, "AliasTarget": alias})

    refused = lead(f"grey.{APEX}")
    assert refused.returncode == 2
    assert f"its own zone, which has no A record of grey.{APEX}" in refused.stderr
    done = lead(GREEN, "--steps", "100")
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: a resolver keeps an answer for 2 s" in done.stdout
    assert led(zone) == {"A a": f"{BLUE}.", f"A {GREEN}": f"{GREEN}."}
    assert [each["Weight"] for each in zone.list()] == [0, 100]


def test_names_that_stand_for_names_are_weighed(zone: Zone, lead: Lead) -> None:
    begin(zone, member("a", 1, BLUE, kind="CNAME", ttl=1))

    done = lead(GREEN, "--steps", "100")
    assert done.returncode == 0, done.stderr
    assert led(zone) == {"CNAME a": BLUE, f"CNAME {GREEN}": GREEN}


@pytest.mark.exhaustive
def test_both_families_of_load_balancers_are_led_and_hints_without_addresses_stay(
    cloud: World, lead: Lead
) -> None:
    named: Named = make_named(cloud)
    for each in (named.blue, named.green):
        cloud.client("elbv2").set_ip_address_type(
            LoadBalancerArn=each.load_balancer_arn, IpAddressType="dualstack"
        )
    hint = record("1 . alpn=h2", kind="HTTPS")
    named.lead(named.alias(named.blue), named.alias(named.blue, kind="AAAA"), hint)

    done = lead("green-lb")
    assert done.returncode == 0, done.stderr
    assert named.targets() == ["green", "green", "1 . alpn=h2"]
    assert named.written() == 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "by zones": (
        record(
            ONE,
            SetIdentifier="a",
            AZAffinity={"LocationType": "AvailabilityZone", "LocationId": "euw1-az1"},
        ),
        "is chosen by zones, which this cannot lead by",
    ),
    "several values with shares": (record(ONE, THIRD), "A has several values"),
    "a hint with addresses": (record("1 . ipv6hint=2001:db8::1", kind="SVCB"), "to addresses or a name"),
}


@pytest.mark.parametrize(("there", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_led_by_is_refused(zone: Zone, lead: Lead, there: dict[str, Any], reason: str) -> None:
    begin(zone, there)

    done = lead(OTHER, "--steps", "50,100")
    assert done.returncode == 2, done.stdout + done.stderr
    [error] = done.stderr.splitlines()
    assert reason in error
    assert "nothing was changed" in error


def test_what_a_traffic_policy_writes_is_refused(zone: Zone, lead: Lead) -> None:
    zone.cloud.parts.route53.put_by_policy(zone.id, record(ONE))

    done = lead(OTHER)
    assert done.returncode == 2
    assert f"{NAME} A belongs to a traffic policy, which would write over it" in done.stderr
