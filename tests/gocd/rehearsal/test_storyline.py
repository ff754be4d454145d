"""Each task is told once, as it ends, under its stage."""

import pytest

from gocd.pipeline import Exec, Fetch, Task
from gocd.rehearsal.standin_gocd.runs import Status, TaskRun
from gocd.rehearsal.storyline import Storyline, named, remark
from gocd.running_job import RunningJob


def run(
    task: Task, last_line: str = "", status: Status = Status.PASSED, stage: str = "out", code: int = 0
) -> TaskRun:
    job = RunningJob("staging", 1, "2.0", stage, 1, "deploy", "ann")
    return TaskRun(job, task, status, 10.0, 16.2, 0.0, code, last_line)


DETACH = Exec("gocd-tasks", ("detach-instance", "Staging-1", "--load-balancer", "staging"))
SETTLE = Exec("gocd-tasks", ("sleep-settle", "--seconds", "60"))


def test_stages_are_headings_and_tasks_are_rows() -> None:
    told: list[str] = []
    story = Storyline(told.append)
    story.add(run(DETACH, "Staging-1: detached from staging in 6 s"))
    story.add(run(SETTLE, "settled: quiet for 3 s"))
    story.add(run(SETTLE, "settled: quiet for 3 s", stage="in"))

    assert told == [
        "",
        "staging/1/out/1",
        "  detach-instance Staging-1       6.2 s   passed      detached from staging in 6 s",
        "  sleep-settle                    6.2 s   passed      quiet for 3 s",
        "",
        "staging/1/in/1",
        "  sleep-settle                    6.2 s   passed      quiet for 3 s",
    ]
    assert [row.stage for row in story.rows] == ["out/1", "out/1", "in/1"]


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (DETACH, "detach-instance Staging-1"),
        (SETTLE, "sleep-settle"),
        (Fetch("build", "build", "dist/app.tar.gz"), "fetch app.tar.gz"),
        (Exec("bash", ("-c", "echo one two three four five six")), "bash -c 'echo one two thr..."),
    ],
)
def test_a_name_fits_its_column(task: Task, name: str) -> None:
    assert named(run(task)) == name


def test_a_failed_task_gives_its_code_and_a_lost_one_what_becomes_of_it() -> None:
    assert remark(run(DETACH, "error: no", Status.FAILED, code=2)) == "exit code 2"
    assert "goes to another one" in remark(run(DETACH, "", Status.LOST))
