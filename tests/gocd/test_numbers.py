"""What counts as a number, wherever it comes from."""

import math

import pytest

from gocd.numbers import decimal, number, whole

NONE = [
    "",
    " ",
    "nan",
    "inf",
    "-inf",
    "1_000",
    "²",
    "٣",
    "1e400",
    "9" * 400,
    "0x10",
    "1,5",
    "1 2",
    "five",
    "1\n",
]


@pytest.mark.parametrize("text", [*NONE, "1.5", "+1", "-1", "1e3"])
def test_what_is_no_whole_number_is_none(text: str) -> None:
    assert whole(text) is None


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("007", 7), ("1735689600000", 1_735_689_600_000)])
def test_whole_numbers_are_digits(text: str, value: int) -> None:
    assert whole(text) == value


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_finite_number_is_none(text: str) -> None:
    assert decimal(text) is None


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-1.5", -1.5), (".5", 0.5), ("5.", 5), ("1E3", 1000)])
def test_numbers_are_written_as_people_do(text: str, value: float) -> None:
    assert decimal(text) == value


@pytest.mark.parametrize("value", [None, "1", [1], True, math.nan, math.inf, -math.inf, 10**400, 4, -1])
def test_what_is_out_of_limits_or_of_another_kind_is_none(value: object) -> None:
    assert number(value, 0, 3) is None


@pytest.mark.parametrize("value", [0, 3, 1.5])
def test_the_limits_themselves_are_in(value: float) -> None:
    assert number(value, 0, 3) == value
