"""A run of one's own is told from those of others, or it is said that it cannot be."""

from datetime import datetime, timezone

import pytest

from gocd.client.pipelines import Past
from gocd.client.runs import PipelineRun
from tasks.running.errors import TaskError
from tasks.runs.beginning import Order, own

# GoCD took it on in this second.
TAKEN = 1_000_000
ORDER = Order("app", 7, "Anna", datetime.fromtimestamp(TAKEN, timezone.utc))


def run(counter: int, at: float = 5, by: str = "anna", *, forced: bool = True) -> PipelineRun:
    """One that began so many seconds after the order was taken."""
    return PipelineRun("app", counter, str(counter), TAKEN + at, "", forced, by, ())


@pytest.mark.parametrize(
    ("runs", "counter"),
    [
        ([], None),
        ([run(7)], None),
        ([run(8)], 8),
        ([run(9, by="bob"), run(8)], 8),
        ([run(8, by="bob")], None),
        ([run(8, by="changes", forced=False)], None),
        # Of the same person, and begun before: somebody asked with the same login just before.
        ([run(8, at=-20)], None),
        ([run(9, at=30), run(8, at=-20)], 9),
        # Nobody can ask while ours has not begun: the first one is ours.
        ([run(9, at=60), run(8, at=5)], 8),
    ],
)
def test_it_is_the_first_that_the_same_person_asked_for_since(
    runs: list[PipelineRun], counter: int | None
) -> None:
    found = own(ORDER, Past(tuple(runs), None))

    assert (found and found.counter) == counter


def test_two_that_began_in_the_same_moment_are_not_guessed_between() -> None:
    with pytest.raises(TaskError, match="which of app/8, app/9 was begun here cannot be told"):
        own(ORDER, Past((run(9, at=3), run(8, at=0.5)), None))
