from pathlib import Path

import pytest

from gocd.pipeline import Job, Stage
from gocd.rehearsal.standin_gocd.runs import Status
from tests.gocd.rehearsal.standin_gocd.rehearsed import Rehearsed, bash, pipeline, stage

# Seconds in a minute here.
MINUTE = 0.3


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearsed:
    return Rehearsed(tmp_path / "rehearsal")


def test_a_job_that_says_nothing_for_its_timeout_is_cancelled(rehearsed: Rehearsed) -> None:
    silent = bash("trap 'echo cleaned; exit 1' TERM; sleep 30 & wait")
    of = pipeline(Stage("one", (Job("job", (silent,), timeout=1),)), stage("two", bash("echo never")))

    # Long enough for bash to have begun.
    run = rehearsed.server(of, minute=1.5).run()

    words = "Go cancelled this job as it has not generated any console output for more than 1 minute(s)"
    (job,) = run.stages[0].jobs
    assert (run.status, job.status) == (Status.CANCELLED, Status.CANCELLED)
    assert "cleaned" in rehearsed.output()
    assert words in job.console_log.read_text()
    assert words in rehearsed.lines


def test_a_job_that_goes_on_saying_something_may_take_longer(rehearsed: Rehearsed) -> None:
    talking = bash("for i in 1 2 3 4 5 6 7; do echo $i; sleep 0.3; done")

    run = rehearsed.server(pipeline(Stage("one", (Job("job", (talking,), timeout=1),))), minute=1.5).run()

    assert run.status is Status.PASSED


@pytest.mark.parametrize("timeout", [None, 0])
def test_without_a_timeout_a_job_may_be_silent(timeout: int | None, rehearsed: Rehearsed) -> None:
    job = Job("job", (bash("sleep 0.5"),), timeout=timeout)

    assert rehearsed.server(pipeline(Stage("one", (job,))), minute=0.01).run().status is Status.PASSED


def test_a_job_that_no_agent_takes_for_its_timeout_is_cancelled(rehearsed: Rehearsed) -> None:
    job = Job("job", (bash("echo never"),), resources=("windows",), timeout=1)

    run = rehearsed.server(pipeline(Stage("one", (job,))), fleet=[()], minute=MINUTE).run()

    words = "Go cancelled this job as it has not been assigned an agent for more than 1 minute(s)"
    console = rehearsed.folder / "artifacts/staging/1/one/1/job/cruise-output/console.log"
    assert run.status is Status.CANCELLED
    assert console.read_text() == words
