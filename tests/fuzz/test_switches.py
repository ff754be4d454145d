"""The SSM parameter that remembers a switch, whatever it holds."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import example, given

from tasks.running.errors import Refused
from tasks.switching.by_name.end import leads
from tasks.switching.by_name.replacement import Replacement, key_of
from tasks.switching.record import Switch
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import spoilt_values

WHOLE = Switch(
    "blue",
    "green",
    {"0123456789abcdef": {"blue": 1}, "0123456789abcdef/0123": {"blue": 3, "other": 1}},
    "go of agent-1",
    "2026-01-01T00:00:00+00:00",
    10,
    (50, 0),
).facts()


@given(spoilt_values(WHOLE))
@example(WHOLE)
def test_it_is_a_switch_or_said_to_be_none(value: Any) -> None:
    content = value if isinstance(value, dict) else {}
    found = read(lambda: Switch.read(content), ValueError)

    if found is not None:
        assert all(0 <= share <= 100 for share in found.shares)
        assert all(0 <= each <= 9999 for weights in found.ways.values() for each in weights.values())
        assert Switch.read(found.facts()) == found
    assert repr(content) != repr(WHOLE) or found is not None


NAME = "web.example.com."


def weighty(value: str) -> dict[str, Any]:
    return {
        "Name": NAME,
        "Type": "A",
        "SetIdentifier": "here",
        "Region": "eu-west-1",
        "TTL": 60,
        "ResourceRecords": [{"Value": value}],
    }


def alias(name: str) -> dict[str, Any]:
    target = {"HostedZoneId": "Z1", "DNSName": name, "EvaluateTargetHealth": True}
    return {"Name": NAME, "Type": "AAAA", "AliasTarget": target}


SETS = [[weighty("192.0.2.1"), alias("a.example.")], [weighty("192.0.2.2"), alias("b.example.")]]


@given(spoilt_values(SETS))
@example(SETS)
@example([[], []])
@example([[{**weighty("192.0.2.1"), "Name": "other.example.com."}]] * 2)
def test_what_records_were_is_of_this_name_or_said_to_be_nothing(value: Any) -> None:
    text = quote(json.dumps(value, separators=(",", ":")), safe='":,[]/ ')
    found = read(lambda: Replacement.read(text, NAME), Refused)

    if found is not None:
        assert found.former
        assert {each["Name"] for each in (*found.former, *found.led)} == {NAME}
        assert [*map(key_of, found.former)] == [*map(key_of, found.led)]
        assert all(leads(each) for each in (*found.former, *found.led))
    # To Python, 1 is True.
    assert repr(value) != repr(SETS) or found is not None
    cut = text[: len(text) // 2]
    assert read(lambda: Replacement.read(cut, NAME), Refused) is None
