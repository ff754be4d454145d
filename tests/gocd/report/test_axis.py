from itertools import pairwise

import pytest

from gocd.report.axis import FOLD, Axis, spans


def test_places_are_in_proportion() -> None:
    axis = Axis(((1000.0, 1100.0),), left=10, width=200)

    assert [axis.x(at) for at in (1000, 1050, 1100)] == [10, 110, 210]


@pytest.mark.parametrize(("at", "x"), [(900, 10), (2000, 210)])
def test_what_is_outside_is_at_the_edge(at: float, x: float) -> None:
    assert Axis(((1000.0, 1100.0),), left=10, width=200).x(at) == x


def test_a_night_of_waiting_is_folded_away() -> None:
    drawn = spans([(0, 100), (40_000, 40_100)])
    axis = Axis(drawn, left=0, width=200 + FOLD)

    assert drawn == ((0, 100), (40_000, 40_100))
    assert [axis.x(at) for at in (100, 40_000, 40_100)] == [100, 100 + FOLD, 200 + FOLD]
    assert [fold.seconds for fold in axis.folds()] == [39_900]


def test_a_short_wait_is_drawn() -> None:
    assert spans([(0, 100), (130, 200)]) == ((0, 200),)


def test_a_moment_has_a_length() -> None:
    assert spans([(5, 5)]) == ((5, 6),)


@pytest.mark.parametrize("seconds", [1, 40, 3600, 86_400, 2e9])
def test_times_on_the_axis_keep_their_distance(seconds: float) -> None:
    xs = [tick.x for tick in Axis(((7.0, 7 + seconds),), left=0, width=360).ticks(apart=58)]

    assert 1 <= len(xs) <= 7
    assert all(later - earlier >= 57.9 for earlier, later in pairwise(xs))
