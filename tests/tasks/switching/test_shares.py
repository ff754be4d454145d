from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.switching.shares import same, share_of, shared

weights = st.dictionaries(st.sampled_from(["other", "third", "fourth"]), st.integers(0, 999))


@pytest.mark.parametrize(
    ("former", "share", "wanted"),
    [
        ({"blue": 1}, 0, {"blue": 100, "green": 0}),
        ({"blue": 1}, 10, {"blue": 90, "green": 10}),
        ({"blue": 0}, 0, {"blue": 100, "green": 0}),
        ({"blue": 100, "green": 0}, 100, {"blue": 0, "green": 100}),
        ({"blue": 7, "green": 3}, 0, {"blue": 7, "green": 3}),
        ({"blue": 3, "other": 1}, 0, {"blue": 3, "other": 1, "green": 0}),
        ({"blue": 3, "other": 1}, 50, {"blue": 3, "other": 2, "green": 3}),
        ({"blue": 3, "other": 1}, 100, {"blue": 0, "other": 1, "green": 3}),
    ],
)
def test_green_gets_its_share_of_what_blue_had(
    former: dict[str, int], share: int, wanted: dict[str, int]
) -> None:
    assert shared(former, "blue", "green", share, 999) == wanted


@given(
    blue=st.integers(1, 999), others=weights, share=st.integers(1, 100), heaviest=st.sampled_from([255, 999])
)
def test_others_keep_their_part_of_all_as_exactly_as_weights_can(
    blue: int, others: dict[str, int], share: int, heaviest: int
) -> None:
    found = shared({"blue": blue, **others}, "blue", "green", share, heaviest)
    total, before = sum(found.values()), blue + sum(others.values())

    assert max(found.values()) <= heaviest
    assert found["green"] > 0
    assert (found["blue"] > 0) == (share < 100)
    for name, weight in others.items():
        assert (found[name] > 0) == (weight > 0)
        assert abs(Fraction(found[name], total) - Fraction(weight, before)) <= Fraction(3, 100)


def test_a_group_alone_has_all_whatever_its_weight() -> None:
    assert share_of({"green": 0}, "blue", "green") == 100
    assert share_of({"blue": 9, "green": 1}, "blue", "green") == 10
    assert share_of({"blue": 0, "green": 0}, "blue", "green") == 0


def test_weights_are_the_same_if_they_share_alike() -> None:
    assert same({"blue": 50, "green": 50}, {"green": 1, "blue": 1})
    assert same({"blue": 1}, {"blue": 100})
    assert not same({"blue": 1}, {"blue": 100, "green": 0})
    assert not same({"blue": 2, "green": 1}, {"blue": 1, "green": 2})
