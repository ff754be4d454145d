"""What no name is led by, or is remembered and cannot be read: told in one line, and nothing is changed."""

import json
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.route53.zones import member, record
from tests.tasks.switch_traffic.named import NAME, Lead, make_named

pytestmark = pytest.mark.end_to_end

ONE, OTHER, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"

CASES: dict[str, tuple[list[dict[str, Any]], tuple[str, ...], str]] = {
    "multivalue": (
        [record(ONE, SetIdentifier="a", MultiValueAnswer=True)],
        (OTHER,),
        "is a multivalue record",
    ),
    "failover": (
        [
            record(ONE, SetIdentifier="one", Failover="PRIMARY"),
            record(OTHER, SetIdentifier="two", Failover="SECONDARY"),
        ],
        (OTHER,),
        "a change of roles is no switch",
    ),
    "several behind": (
        [
            record(ONE, SetIdentifier="a", Region="eu-west-1"),
            record(THIRD, SetIdentifier="b", Region="us-east-1"),
        ],
        (OTHER,),
        "leads to several: 192.0.2.1, 192.0.2.3",
    ),
    "another family": ([record(ONE), record("2001:db8::1", kind="AAAA")], (OTHER,), "of type AAAA"),
    "hints of its own": (
        [record(ONE), record("1 . ipv4hint=192.0.2.1", kind="HTTPS")],
        (OTHER,),
        "leads clients to addresses or a name of its own",
    ),
    "somebody else's blue": ([record(ONE)], (OTHER, "--from", THIRD), "does not lead to what --from says"),
    "all at 0": ([member("a", 0, ONE), member("b", 0, THIRD)], (OTHER,), "has all weights at 0"),
    "shares by place": (
        [record(ONE, SetIdentifier="a", Region="eu-west-1")],
        (OTHER, "--steps", "10,50,100"),
        "is no weighted record (latency)",
    ),
    "nobody healthy": ([record(ONE)], ("green-lb",), "(192.0.2.1 has 1): nobody is healthy in green"),
    "no such load balancer": ([record(ONE)], ("grey",), "no load balancer is called grey"),
    "nothing to take back": ([record(ONE)], ("--back",), "no switch is remembered"),
    "no such name": ([], (OTHER,), "no hosted zone of this account has a record of web.example.com"),
}


@pytest.mark.parametrize(("sets", "words", "reason"), CASES.values(), ids=CASES)
def test_what_cannot_be_led_by_is_refused_and_nothing_is_changed(
    cloud: World, lead: Lead, sets: list[dict[str, Any]], words: tuple[str, ...], reason: str
) -> None:
    named = make_named(cloud, served=False)
    if sets:
        named.lead(*sets)
    before = named.zone.list()

    done = lead(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    [error] = done.stderr.splitlines()
    assert reason in error
    assert "nothing was changed" in error
    assert named.zone.list() == before


SPOILT: dict[str, dict[str, Any]] = {
    "cut off": {"sets": "%7B%22Na"},
    "of another name": {
        "sets": '[[%7B"Name":"a.","Type":"A","TTL":1,"ResourceRecords":[%7B"Value":"1"%7D]%7D]]'
    },
    "of another version": {"sets": '%7B"version":9%7D'},
    "of something else": {"way else": "a=1"},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_what_is_remembered_and_cannot_be_read_is_said_in_one_line_and_nothing_is_changed(
    cloud: World, lead: Lead, spoilt: dict[str, Any]
) -> None:
    named = make_named(cloud, served=False)
    named.lead(record(OTHER, ttl=1))
    zone = named.zone.id.rpartition("/")[2]
    whole = {"blue": ONE, "green": OTHER, "at": 100, "heads": "", "state": "under way"}
    since = {
        "base": 0,
        "write": "a",
        "who": "me",
        "since": "2026-01-01T00:00:00+00:00",
        f"way {zone}/{NAME}.": f"{ONE}=1 {OTHER}=0",
    }
    cloud.client("ssm").put_parameter(
        Name=f"/gocd-tasks/switch/{zone}/{NAME}/{OTHER}",
        Value=json.dumps({**whole, **since, **spoilt}),
        Type="String",
    )

    for words in (("--back",), (OTHER,)):
        done = lead(*words)
        assert done.returncode == 2, done.stdout + done.stderr
        [error] = done.stderr.splitlines()
        assert "remembered" in error
        assert "nothing was changed" in error
    assert named.targets() == [OTHER]
