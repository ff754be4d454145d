"""A timer is one that Quartz takes, odd ones as well: what it leaves unread is no mistake to it."""

import pytest

from gocd.reading.cron import wrong_cron


@pytest.mark.parametrize(
    "line",
    [
        "0 0 22 ? * MON-FRI",
        "0 0/15 6-22 ? * mon-fri",
        "0 0 22 * * ? 2030",
        "0 0 22-2 ? NOV-FEB FRI-MON",
        "0 0 12 ? * 6L",
        "0 0 12 ? * MONL",
        "0 0 12 ? * L",
        "0 0 12 L * ?",
        "0 0 12 LW * ?",
        "0 0 12 L-3W * ?",
        "0 0 12 15W * ?",
        "0 0 12 ? * 6#3",
        "0 0 12 ? * MON#1",
        "0 0 0 1,15 * ?",
        "0 0 0 1-5/2 * ?",
        "*/5 * * * * ?",
        "*/-5 * * * * ?",
        "*5 0 0 ? * *",
        "5x 0 0 ? * *",
        "0 0 0 ? JANX MON/2",
        "0 0 0 ?X * *",
        "99 0 0 98 * MON",
        "0\t0 0 ? * *\n",
    ],
)
def test_quartz_takes(line: str) -> None:
    assert wrong_cron(line) == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 22 * * *", "has 5 fields"),
        ("0 0 22 ? * * 2030 x", "has 8 fields"),
        ("0 0 22 * * *", "must have '?'"),
        ("0 0 22 ? * ?", "must have '?'"),
        ("L 0 0 ? * *", "'L' is no second"),
        ("60 0 0 ? * *", "'60' is no second"),
        ("0 0 25 ? * *", "'25' is no hour"),
        ("0 0 0 32 * ?", "'32' is no day of the month"),
        ("0 0 0 ? 13 *", "'13' is no month"),
        ("0 0 0 ? * 8", "'8' is no day of the week"),
        ("0 0 0 ? * 0", "'0' is no day of the week"),
        ("0 0 0 ? * MO", "'MO' is no day of the week"),
        ("0 0 0 ? JAN-XYZ *", "'JAN-XYZ' is no month"),
        ("0 0 12 L-31 * ?", "'L-31' is no day of the month"),
        ("0 0 0 15L * ?", "'15L' is no day of the month"),
        ("5W 0 0 ? * *", "'5W' is no second"),
        ("0 0 0 ? * MON,5L", "beside others"),
        ("0 0 0 ? * 1#1,2#2", "beside others"),
        ("0 0 0 ? * MON#6", "'MON#6' is no day"),
        ("0 0 0 ? * 2#", "'2#' is no day"),
        ("*/60 * * * * ?", "'*/60' is no second"),
        ("*/x * * * * ?", "'*/X' is no second"),
        ("/ * * * * ?", "'/' is no second"),
        ("5/ * * * * ?", "'5/' is no second"),
        ("5/2x * * * * ?", "'5/2X' is no second"),
        ("1-x * * * * ?", "'1-X' is no second"),
        ("? 0 0 ? * *", "'?' is no second"),
        ("0 0 0 ?XX * *", "'?XX' is no day"),
        ("0 0 0 ? * * 2030-2020", "'2030-2020' is no year"),
        ("-1 0 0 ? * *", "'-1' is no second"),
    ],
)
def test_quartz_refuses(line: str, said: str) -> None:
    assert said in wrong_cron(line)
