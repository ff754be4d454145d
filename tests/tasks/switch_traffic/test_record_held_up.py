"""What comes in between while the records of a name are exchanged."""

from typing import Any

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.route53.zones import (
    ONE,
    OTHER,
    Zone,
    make_zone,
    member,
    record,
)
from tests.tasks.switch_traffic.named import NAME, Lead

pytestmark = pytest.mark.end_to_end

THIRD = "192.0.2.3"
CHANGE = "ChangeResourceRecordSets"


@pytest.fixture
def zone(cloud: World) -> Zone:
    """Leads to ONE."""
    zone = make_zone(cloud)
    zone.create(record(ONE, ttl=5))
    zone.known()
    return zone


def values(zone: Zone) -> list[str]:
    return [",".join(each["Value"] for each in record["ResourceRecords"]) for record in zone.list()]


def protect(zone: Zone, comment: str) -> None:
    zone.cloud.client("route53").create_resource_record_set_protections(
        HostedZoneId=zone.id,
        Protections=[{"RecordName": NAME, "RecordType": "A", "Comment": comment}],
    )


def before_the_change(zone: Zone, meanwhile: Any) -> None:
    def look(call: Call) -> None:
        if call.operation == CHANGE:
            zone.cloud.faults.before_call = None
            meanwhile()

    zone.cloud.faults.before_call = look


def check(zone: Zone) -> str:
    config = {"Type": "HTTP", "IPAddress": ONE, "Port": 80, "ResourcePath": "/"}
    made = zone.cloud.client("route53").create_health_check(CallerReference="1", HealthCheckConfig=config)
    return str(made["HealthCheck"]["Id"])


def test_a_protected_record_is_refused_with_the_comment_and_one_protected_meanwhile_is_told(
    zone: Zone, lead: Lead
) -> None:
    before_the_change(zone, lambda: protect(zone, "ask the network team"))
    late = lead(OTHER)
    assert late.returncode == 1
    assert "is protected: ask the network team" in late.stderr
    assert [each.operation for each in zone.cloud.journal.calls].count(CHANGE) == 1

    refused = lead(OTHER)
    assert refused.returncode == 2
    [error] = refused.stderr.splitlines()
    assert f"{NAME} A is protected from changes (ask the network team); nothing was changed" in error
    assert values(zone) == [ONE]


@pytest.mark.exhaustive
def test_a_busy_zone_is_waited_for(zone: Zone, lead: Lead) -> None:
    zone.cloud.faults.fail(CHANGE, 400, "PriorRequestNotComplete", times=14)

    done = lead(OTHER)
    assert done.returncode == 0, done.stderr
    assert "no word from AWS (AWS refused route53:ChangeResourceRecordSets" in done.stdout
    assert values(zone) == [OTHER]


def test_a_change_whose_answer_was_lost_is_found_and_its_spread_waited_for(zone: Zone, lead: Lead) -> None:
    zone.cloud.faults.lose_answers(CHANGE, times=1)

    done = lead(OTHER)
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: leads so already; name servers get to know of it" in done.stdout
    assert values(zone) == [OTHER]


def test_who_has_changed_the_zone_in_between_is_told_where_it_keeps_that(zone: Zone, lead: Lead) -> None:
    zone.cloud.parts.route53.history = True
    before_the_change(zone, lambda: zone.change(("UPSERT", record(THIRD, ttl=5))))

    done = lead(OTHER)
    assert done.returncode == 1
    assert "someone else changes it, last arn:aws:iam::123456789012:user/deployer at " in done.stderr
    assert values(zone) == [THIRD]


def test_a_health_check_that_is_gone_is_told_beforehand(zone: Zone, lead: Lead) -> None:
    route53, gone = zone.cloud.client("route53"), check(zone)
    checked = record(ONE, ttl=5, SetIdentifier="here", Region="eu-west-1", HealthCheckId=gone)
    zone.change(("DELETE", record(ONE, ttl=5)), ("CREATE", checked))
    route53.delete_health_check(HealthCheckId=gone)

    refused = lead(OTHER)
    assert refused.returncode == 2
    [error] = refused.stderr.splitlines()
    assert f"the health check {gone}, which records of {NAME} have, is not there any more" in error
    assert zone.list()[0]["HealthCheckId"] == gone


def test_users_are_led_back_from_a_member_whose_health_check_begins_to_fail(zone: Zone, lead: Lead) -> None:
    own, cloud = check(zone), zone.cloud
    zone.change(
        ("DELETE", record(ONE, ttl=5)),
        ("CREATE", member("blue", 1, ONE, ttl=5)),
        ("CREATE", member("green", 0, OTHER, ttl=5, HealthCheckId=own)),
    )

    def fail(call: Call) -> None:
        if call.operation == CHANGE:
            cloud.parts.route53.failing.add(own)

    cloud.faults.after_call = fail
    done = lead(OTHER, "--steps", "10,100")
    assert done.returncode == 1
    assert f"the health check {own} of {OTHER} fails, so users are led elsewhere" in done.stderr
    assert [each["Weight"] for each in zone.list()] == [100, 0]


def test_a_zone_that_is_deleted_meanwhile_is_told_in_one_line(zone: Zone, lead: Lead) -> None:
    def delete() -> None:
        zone.change(*(("DELETE", each) for each in zone.list()))
        zone.cloud.client("route53").delete_hosted_zone(Id=zone.id)

    before_the_change(zone, delete)
    done = lead(OTHER)
    assert done.returncode == 1
    [error] = done.stderr.splitlines()
    assert "the hosted zone" in error
    assert f"of {NAME} is gone" in error
