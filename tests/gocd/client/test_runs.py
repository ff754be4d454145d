"""A run as the server tells of it, and whose lock it is."""

from typing import Any

import pytest

from gocd.client.fields import NotAsPromised
from gocd.client.runs import holder, read_run


def job(state: str = "Completed", result: str = "Passed", at: int = 1000, name: str = "j") -> dict[str, Any]:
    return {"name": name, "state": state, "result": result, "scheduled_date": at}


def stage(*jobs: dict[str, Any], name: str = "out", **more: Any) -> dict[str, Any]:
    # As of PipelineInstanceModelRepresenter: the counter of a stage is a text.
    return {
        "name": name,
        "counter": "1",
        "scheduled": bool(jobs),
        "approval_type": None,
        "jobs": [*jobs],
        **more,
    }


def run(*stages: dict[str, Any], counter: int = 1) -> dict[str, Any]:
    return {"name": "app", "counter": counter, "label": "1", "build_cause": None, "stages": [*stages]}


@pytest.mark.parametrize(
    ("jobs", "words", "active"),
    [
        ([job()], "passed", False),
        ([job(), job("Building", "Unknown")], "running", True),
        ([job(result="Failed"), job("Building", "Unknown")], "failing", True),
        ([], "not begun", False),
    ],
)
def test_a_stage_is_as_its_jobs_are(jobs: list[dict[str, Any]], words: str, active: bool) -> None:
    [read] = read_run(run(stage(*jobs, result="Passed"))).stages

    assert (read.words, read.is_active) == (words, active)


@pytest.mark.parametrize("result", [{}, {"result": "Unknown"}])
def test_a_stage_whose_result_is_not_written_down_yet_is_not_over(result: dict[str, str]) -> None:
    [read] = read_run(run(stage(job(), **result))).stages

    assert read.is_active


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        None,
        {},
        {**run(), "stages": None},
        {**run(), "stages": [1]},
        {**run(), "counter": "twelve"},
        {**run(), "counter": 1.5},
        {**run(), "name": 3},
        {**run(), "build_cause": [1]},
        run(stage({"name": ""})),
        run(stage({"name": "j", "scheduled_date": "today"})),
        run(stage(job(), scheduled="yes")),
    ],
)
def test_what_is_no_run_is_not_taken_for_one(wrong: object) -> None:
    with pytest.raises(NotAsPromised):
        read_run(wrong)


def test_a_lock_is_of_the_run_that_began_something_last_which_need_not_be_the_newest() -> None:
    newer, older = (
        read_run(run(stage(job(at=2000)), counter=2)),
        read_run(run(stage(job(at=3000)), counter=1)),
    )

    assert holder([newer, older]) == older
    assert holder([]) is None
