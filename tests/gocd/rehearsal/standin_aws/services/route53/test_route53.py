"""Records change as a whole, against what really is there, and name servers know of it later."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.route53.zones import (
    APEX,
    ONE,
    OTHER,
    Change,
    Zone,
    alias,
    make_zone,
    member,
    record,
)


@pytest.fixture
def zone(cloud: World) -> Zone:
    return make_zone(cloud)


def refused(zone: Zone, *changes: Change, code: str = "InvalidChangeBatch") -> str:
    """See that a batch is refused and changes nothing; gives AWS's words."""
    before = zone.list()
    with pytest.raises(ClientError) as error:
        zone.change(*changes)
    assert error.value.response["Error"]["Code"] == code
    assert zone.list() == before
    return str(error.value.response["Error"]["Message"])


def test_a_record_is_exchanged_only_if_it_is_exactly_as_it_was_read(zone: Zone) -> None:
    zone.create(record(ONE))
    there = "do not match the current values"

    assert there in refused(zone, ("DELETE", record(ONE, ttl=61)), ("CREATE", record(OTHER)))
    assert there in refused(zone, ("DELETE", record(OTHER)), ("CREATE", record(OTHER)))
    assert "was not found" in refused(zone, ("DELETE", record(ONE, name=f"x.{APEX}")))
    assert "already exists" in refused(zone, ("CREATE", record(OTHER)))

    zone.change(("DELETE", record(ONE)), ("CREATE", record(OTHER)))
    assert [each["ResourceRecords"] for each in zone.list()] == [[{"Value": OTHER}]]
    assert "do not match" in refused(zone, ("DELETE", record(ONE)), ("CREATE", record(OTHER)))


def test_a_batch_is_made_whole_or_not_at_all(zone: Zone) -> None:
    outside = record(ONE, name="web.example.org")

    assert "is not permitted in zone example.com." in refused(
        zone, ("CREATE", record(ONE)), ("CREATE", outside)
    )
    zone.create(record(ONE))
    twice = refused(zone, ("DELETE", record(ONE)), ("DELETE", record(ONE)))
    assert "invalid set of changes" in twice


def test_records_of_one_name_are_all_of_one_kind(zone: Zone) -> None:
    zone.create(record(ONE))

    others = "other RRSets exist with the same name and type"
    assert others in refused(zone, ("UPSERT", member("blue", 100, ONE)))
    assert "CNAME" in refused(zone, ("CREATE", record("a.example.org", kind="CNAME")))
    zone.change(
        ("DELETE", record(ONE)),
        ("CREATE", member("blue", 100, ONE)),
        ("CREATE", member("green", 0, OTHER)),
    )
    assert others in refused(zone, ("CREATE", record(ONE, SetIdentifier="far", Region="us-east-1")))


WRONG: dict[str, Any] = {
    "a weight of 256": member("blue", 256, ONE),
    "two values of a member": member("blue", 1, ONE, OTHER),
    "an alias with a TTL": {
        **record(ONE),
        "AliasTarget": {"HostedZoneId": "Z0", "DNSName": "a.example.", "EvaluateTargetHealth": False},
    },
    "a CNAME of the zone itself": record("a.example.org", kind="CNAME", name=APEX),
    "an address of the other family": record("2001:db8::1"),
    "an identifier without a rule": record(ONE, SetIdentifier="blue"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_record_that_route_53_does_not_take_is_refused(zone: Zone, wrong: dict[str, Any]) -> None:
    refused(zone, ("CREATE", wrong))


def test_members_of_a_set_have_one_ttl_and_health_checks_that_there_are(zone: Zone) -> None:
    zone.create(member("blue", 100, ONE))

    assert "different TTLs" in refused(zone, ("CREATE", member("green", 0, OTHER, ttl=30)))
    unknown = member("green", 0, OTHER, HealthCheckId="00000000-0000-0000-0000-000000000000")
    refused(zone, ("CREATE", unknown), code="NoSuchHealthCheck")
    primary: dict[str, Any] = {"SetIdentifier": "one", "Failover": "PRIMARY", "name": f"x.{APEX}"}
    again = {**primary, "SetIdentifier": "two"}
    assert "PRIMARY" in refused(zone, ("CREATE", record(ONE, **primary)), ("CREATE", record(OTHER, **again)))


def test_an_alias_leads_into_the_hosted_zone_that_its_target_is_in(cloud: World, zone: Zone) -> None:
    web, net = cloud.target_group("web"), cloud.target_group("net", kind="network")
    old = cloud.classic("old")
    right = [alias(cloud, each) for each in (web, net, old)]

    ids = [each["AliasTarget"]["HostedZoneId"] for each in right]
    assert ids[0] == ids[2] != ids[1]
    right[0]["AliasTarget"]["HostedZoneId"] = ids[1]
    assert "does not lie within the target zone" in refused(zone, ("CREATE", right[0]))
    zone.create(right[1])
    inside = {"HostedZoneId": zone.id.rpartition("/")[2], "EvaluateTargetHealth": False}
    missing = {"Name": f"x.{APEX}", "Type": "A", "AliasTarget": {**inside, "DNSName": f"y.{APEX}"}}
    assert "that target was not found" in refused(zone, ("CREATE", missing))


def test_a_change_is_listed_at_once_and_in_sync_some_time_later(zone: Zone) -> None:
    change = zone.create(record(ONE))

    assert zone.list()
    assert zone.status(change) == "PENDING"
    zone.known()
    assert zone.status(change) == "INSYNC"
    with pytest.raises(ClientError, match="NoSuchChange"):
        zone.status("/change/C0")


def test_pages_go_on_within_a_set_and_names_are_as_route_53_keeps_them(zone: Zone) -> None:
    zone.create(
        *(member(each, 1, ONE) for each in ("a", "b", "c", "d", "e")),
        record(ONE, name=f"*.{APEX}"),
        record(ONE, name=f"UP.{APEX}"),
    )

    assert [each["SetIdentifier"] for each in zone.list()] == ["a", "b", "c", "d", "e"]
    assert zone.list(rf"\052.{APEX}")
    assert zone.list(f"up.{APEX}")
    [start] = [each for each in zone.list(APEX) if each["Type"] == "SOA"]
    assert start["ResourceRecords"][0]["Value"].endswith(" 1 7200 900 1209600 86400")


def test_a_health_check_tells_what_its_places_have_seen(cloud: World) -> None:
    dns = cloud.client("route53")
    config = {"Type": "HTTP", "IPAddress": ONE, "Port": 80, "ResourcePath": "/"}
    check = dns.create_health_check(CallerReference="1", HealthCheckConfig=config)["HealthCheck"]["Id"]

    def said() -> set[str]:
        seen = dns.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
        return {each["StatusReport"]["Status"].partition(":")[0] for each in seen}

    assert said() == {"Success"}
    cloud.parts.route53.failing.add(check)
    assert said() == {"Failure"}
