from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.rehearsal.rehearsal import Telling
from gocd.rehearsal.standin_gocd.runs import Status
from gocd.rehearsal.traps.catalogue import NO_TRAP, TRAPS
from gocd.rehearsal.traps.outcome import Outcome
from gocd.rehearsal.traps.traps import ThroughTraps, explained, rehearse_traps
from gocd.rehearsal.traps.ways import Way

LOST = Outcome(Status.PASSED, 12, 1000)
WRONG = Outcome(Status.PASSED, 0, 1000, ["users get 1.0"])
GREEN = Outcome(Status.PASSED, 0, 1000)
REFUSED = Outcome(Status.FAILED, 0, 1000, [], "error: no; nothing was changed", 2)


def through(sleeps: Outcome, waiters: Outcome, ours: Outcome, without: Outcome = GREEN) -> ThroughTraps:
    trap = {Way.SLEEPS: sleeps, Way.WAITERS: waiters, Way.OURS: ours}
    return ThroughTraps(
        {NO_TRAP.name: {**dict.fromkeys(Way, GREEN), Way.WAITERS: without}, "some-trap": trap}
    )


@pytest.mark.parametrize("ours", [GREEN, REFUSED])
def test_traps_are_passed_when_the_naive_do_harm_and_ours_does_none(ours: Outcome) -> None:
    assert through(LOST, WRONG, ours).passed


@pytest.mark.parametrize(
    "outcomes", [(GREEN, LOST, GREEN), (LOST, GREEN, GREEN), (LOST, LOST, LOST), (WRONG, WRONG, WRONG)]
)
def test_a_trap_that_catches_no_naive_pipeline_is_a_defect_as_is_one_that_catches_ours(
    outcomes: tuple[Outcome, Outcome, Outcome],
) -> None:
    assert not through(*outcomes).passed


@pytest.mark.parametrize("without", [LOST, WRONG, REFUSED])
def test_harm_shows_nothing_of_a_way_that_does_not_get_through_without_a_trap(without: Outcome) -> None:
    ended = through(LOST, LOST, GREEN, without)

    assert not ended.passed
    assert ended.verdict == "No trap was tried: without one, boto3's waiters did not get through."


def test_the_table_is_one_of_restructuredtext_with_a_row_for_each_trap() -> None:
    assert through(LOST, WRONG, REFUSED).table == [
        "=========  ============================  ==========================  ==================",
        "trap       AWS CLI and sleeps            boto3's waiters             gocd-tasks",
        "=========  ============================  ==========================  ==================",
        "no-trap    0 lost, rolled out            0 lost, rolled out          0 lost, rolled out",
        "some-trap  12 of 1,000 lost, rolled out  wrong green: users get 1.0  0 lost, refused",
        "=========  ============================  ==========================  ==================",
    ]


def test_the_verdict_counts_harm() -> None:
    assert through(LOST, WRONG, GREEN).verdict == (
        "AWS CLI and sleeps: harm in 1 of 1, boto3's waiters: harm in 1 of 1, gocd-tasks: harm in 0 of 1."
    )


def test_each_trap_is_explained_in_whole_sentences() -> None:
    lines = explained()
    assert [line.split()[0] for line in lines] == list(TRAPS)
    assert all(line.endswith(".") for line in lines)


def test_an_unknown_trap_is_refused_with_the_names_of_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(GoCDError, match=r"there is no trap 'bear'; there are: .*two-ports.*, all"):
        rehearse_traps("bear", tmp_path / "r", Telling(print))
    assert not (tmp_path / "r").exists()
