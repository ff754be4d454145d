from pathlib import Path

import pytest

from gocd.samples.limits import Thresholds
from tasks.traffic.getting_going import even_since, longest_pause

# Seconds since 1970.
NOW = 1_700_000_000


@pytest.mark.parametrize(
    ("ends", "since"),
    [
        ((), None),
        ((500,), None),
        ((500, 1000, 1499), None),
        ((500, 1000, 1500), 0.5),
        ((500, 1600, 2000, 2500), None),
        ((500, 1600, 2000, 2600), 1.6),
        ((500, 1600, 2000, 3100, 4100), 3.1),
        # In whatever order the record has them.
        ((2600, 500, 2000, 1600), 1.6),
    ],
)
def test_it_is_even_once_answers_have_come_for_a_second_without_too_long_a_pause(
    tmp_path: Path, ends: tuple[int, ...], since: float | None
) -> None:
    jtl = tmp_path / "results.jtl"
    rows = [f"{NOW * 1000 + end - 10},10,pay,200,true\n" for end in ends]
    lost = f"{NOW * 1000 + 1000},10,pay,500,false\n"
    jtl.write_text("timeStamp,elapsed,label,responseCode,success\n" + "".join(rows) + lost)
    found = even_since(jtl, 1)

    assert (None if found is None else round(found - NOW, 3)) == since


@pytest.mark.parametrize(
    ("limits", "pause"),
    [
        (Thresholds(), None),
        (Thresholds({"max-gap": 1}), 1),
        (Thresholds({"max-gap": 3}, {"pay": {"max-gap": 2}, "browse": {}}), 2),
        (Thresholds({"max-gap": 60}), None),
    ],
)
def test_it_is_waited_for_where_jmeter_may_pause_for_longer_than_users_may_wait(
    limits: Thresholds, pause: float | None
) -> None:
    assert longest_pause(limits) == pause
