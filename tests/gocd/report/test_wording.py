"""Numbers as people write them."""

import pytest

from gocd.report.wording import percent


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (40, 40, "100 %"),
        (999_999, 1_000_000, "99 %"),
        (1, 3, "33 %"),
        (1, 10, "10 %"),
        (996, 10_000, "10 %"),
        (2, 25, "8 %"),
        (1, 31, "3.2 %"),
        (7, 58_824, "0.012 %"),
        (1, 10_000_000, "0.00001 %"),
        (0, 9, "0 %"),
    ],
)
def test_a_part_is_told_in_percent_that_a_person_can_read(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown
