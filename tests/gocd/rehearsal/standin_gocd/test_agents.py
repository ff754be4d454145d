import threading
from pathlib import Path

import pytest

from gocd.pipeline import Job, Stage, Variables
from gocd.rehearsal.standin_gocd.assignment import StartedTask
from gocd.rehearsal.standin_gocd.runs import Status
from tests.gocd.rehearsal.standin_gocd.rehearsed import Rehearsed, bash, pipeline, stage

SAY = bash("echo $GO_JOB_NAME")


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearsed:
    return Rehearsed(tmp_path / "rehearsal")


def meeting(rehearsed: Rehearsed, seconds: float) -> Stage:
    """Two jobs that meet if they run at the same time, and say whether they did."""
    wait = f"for i in $(seq {round(seconds / 0.02)}); do [ -e $MEET/$OTHER ] && break; sleep 0.02; done"
    # Who is late finds the mark of who was early, but no early one finds the mark of a late one.
    script = f"touch $MEET/$GO_JOB_NAME; {wait}; [ -e $MEET/$OTHER ] && echo met || echo alone"
    rehearsed.folder.mkdir()
    here = {"MEET": str(rehearsed.folder)}
    jobs = (
        Job("a", (bash(script),), Variables({**here, "OTHER": "b"})),
        Job("b", (bash(script),), Variables({**here, "OTHER": "a"})),
    )
    return Stage("one", jobs)


def test_with_one_agent_the_jobs_of_a_stage_run_one_after_another(rehearsed: Rehearsed) -> None:
    run = rehearsed.server(pipeline(meeting(rehearsed, 0.2)), fleet=[()]).run()

    assert run.status is Status.PASSED
    assert rehearsed.output() == ["alone", "met"]
    assert rehearsed.waits == ["b: every agent for it is at work"]
    assert len({job.workplace for job in run.stages[0].jobs}) == 1


def test_with_two_agents_they_run_at_the_same_time(rehearsed: Rehearsed) -> None:
    rehearsed.server(pipeline(meeting(rehearsed, 10)), fleet=[(), ()]).run()

    assert rehearsed.output() == ["met", "met"]
    assert rehearsed.waits == []


def test_a_job_runs_on_an_agent_that_has_all_its_resources_and_is_told_all_that_one_has(
    rehearsed: Rehearsed,
) -> None:
    job = Job("job", (bash("echo $GO_AGENT_RESOURCES"),), resources=("Linux", "aws"))

    run = rehearsed.server(
        pipeline(Stage("one", (job,))), fleet=[("linux",), ("linux", "AWS", "docker")]
    ).run()

    assert rehearsed.output() == ["linux,AWS,docker"]
    assert run.stages[0].jobs[0].workplace.parts[-3] == "2"


def test_a_job_whose_resources_no_agent_has_waits_for_ever_and_says_so_at_once(
    rehearsed: Rehearsed,
) -> None:
    job = Job("job", (SAY,), resources=("windows",))
    server = rehearsed.server(pipeline(Stage("one", (job,))), fleet=[("linux",)])
    rehearsed.when_waits = server.cancel

    run = server.run()

    assert rehearsed.waits == ["job: no agent has its resources, and it would wait for ever"]
    assert (run.status, run.stages[0].jobs) == (Status.CANCELLED, ())


def test_a_job_for_all_agents_runs_on_each_that_has_its_resources(rehearsed: Rehearsed) -> None:
    job = Job("job", (SAY,), resources=("linux",), run_instances="all")

    run = rehearsed.server(pipeline(Stage("one", (job,))), fleet=[("linux",), ("windows",), ("linux",)]).run()

    assert sorted(rehearsed.output()) == ["job-runOnAll-1", "job-runOnAll-2"]
    assert sorted(job.workplace.parts[-3] for job in run.stages[0].jobs) == ["1", "3"]


def test_a_job_for_all_agents_of_which_there_is_none_never_begins(rehearsed: Rehearsed) -> None:
    job = Job("job", (SAY,), resources=("linux",), run_instances="all")

    run = rehearsed.server(pipeline(stage("one", SAY), Stage("two", (job,))), fleet=[()]).run()

    assert [each.name for each in run.stages] == ["one"]


def test_an_elastic_job_gets_an_agent_of_its_own(rehearsed: Rehearsed) -> None:
    elastic = Job("elastic", (SAY,), elastic_profile_id="small")

    run = rehearsed.server(pipeline(Stage("one", (elastic, Job("plain", (SAY,))))), fleet=[()]).run()

    assert run.status is Status.PASSED
    assert len({job.workplace for job in run.stages[0].jobs}) == 2


def test_another_agent_takes_the_place_of_one_that_is_lost(rehearsed: Rehearsed) -> None:
    lost = threading.Event()

    def lose_once(started: StartedTask) -> None:
        if not lost.is_set():
            lost.set()
            started.kill()

    rehearsed.when_started = lose_once

    run = rehearsed.server(pipeline(stage("one", bash("sleep 0.1; echo done"))), fleet=[("linux",)]).run()

    assert [job.status for job in run.stages[0].jobs] == [Status.LOST, Status.PASSED]
    assert rehearsed.output() == ["done"]
