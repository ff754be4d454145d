"""The SSM parameter that remembers a switch, whatever it holds."""

from typing import Any

from hypothesis import example, given

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
    assert content != WHOLE or found is not None
