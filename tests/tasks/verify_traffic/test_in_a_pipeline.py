"""Traffic around a job's work, on the stand-in GoCD: however the job ends, no JMeter is left behind."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gocd.pipeline import Artifact, Exec, Job, Pipeline, RunIf, Stage
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status
from tests.gocd.rehearsal.standin_gocd.rehearsed import Rehearsed, bash, pipeline
from tests.program import PROGRAM
from tests.tasks.verify_traffic.around import Traffic

pytestmark = pytest.mark.end_to_end

FINISH = Exec("gocd-tasks", ("verify-traffic", "--finish"), "", RunIf.ANY, None)


def around(traffic: Traffic, work: Exec, *words: str) -> Pipeline:
    """A pipeline of one stage with traffic around one task of *work*."""
    begin = Exec("gocd-tasks", ("verify-traffic", "--start", *traffic.asked, *words), "", RunIf.PASSED, None)
    job = Job("job", (begin, work, FINISH), artifacts=(Artifact("build", "traffic", ""),))
    return pipeline(Stage("deploy", (job,), clean_workspace=True))


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearsed:
    return Rehearsed(tmp_path / "rehearsal")


def environ(traffic: Traffic) -> dict[str, str]:
    own = traffic.gocd_tasks.environment
    return {**own, "PATH": f"{PROGRAM.parent}{os.pathsep}{own['PATH']}"}


def statuses(run: PipelineRun) -> list[str]:
    return [task.status.value for task in run.tasks()]


def verdict(folder: Path) -> Any:
    return json.loads((folder / "traffic/verdict.json").read_text())["passed"]


def once(folder: Path, command: str) -> Exec:
    """Work that does *command*, and nothing when its stage is run again."""
    return bash(f"test -e {folder}/again && exit; touch {folder}/again; echo begun; {command}")


def test_a_deploy_that_fails_is_judged_all_the_same_and_its_stage_runs_again(
    traffic: Traffic, rehearsed: Rehearsed
) -> None:
    server = rehearsed.server(around(traffic, once(traffic.folder, "exit 1")), environ=environ(traffic))
    run = server.run()

    assert statuses(run) == ["passed", "failed", "passed"]
    assert verdict(run.stages[-1].jobs[0].artifacts) is True
    assert traffic.alone()
    again = server.run_stage("deploy")
    assert (again.status, again.stages[-1].counter) == (Status.PASSED, 2)
    assert verdict(again.stages[-1].jobs[0].artifacts) is True


def test_a_stage_that_is_cancelled_leaves_a_verdict_and_no_jmeter_and_runs_again(
    traffic: Traffic, rehearsed: Rehearsed
) -> None:
    work = once(traffic.folder, "gocd-tasks sleep-settle --seconds 600")
    server = rehearsed.server(around(traffic, work), environ=environ(traffic))
    rehearsed.when_line = lambda line: server.cancel() if "of 600 s" in line else None
    run = server.run()

    assert statuses(run) == ["passed", "cancelled"]
    assert verdict(run.stages[-1].jobs[0].workplace) is True
    assert traffic.alone()
    assert server.run_stage("deploy").status is Status.PASSED


@pytest.mark.exhaustive
def test_a_task_of_the_sites_own_that_is_cancelled_leaves_a_jmeter_that_the_next_run_ends(
    traffic: Traffic, rehearsed: Rehearsed
) -> None:
    server = rehearsed.server(
        around(traffic, once(traffic.folder, "exec sleep 600")), environ=environ(traffic)
    )
    rehearsed.when_line = lambda line: server.cancel() if line == "begun" else None
    run = server.run()

    assert statuses(run) == ["passed", "cancelled"]
    assert traffic.processes()
    assert server.run_stage("deploy").status is Status.PASSED
    assert traffic.alone()


@pytest.mark.exhaustive
def test_a_job_whose_agent_died_runs_on_another_and_the_first_jmeter_ends_by_itself(
    traffic: Traffic, rehearsed: Rehearsed
) -> None:
    kills = []
    rehearsed.when_started = lambda started: kills.append(started.kill)
    rehearsed.when_line = lambda line: kills[-1]() if line == "begun" else None
    work = once(traffic.folder, "exec sleep 600")
    server = rehearsed.server(around(traffic, work, "--at-most", "10"), environ=environ(traffic))
    run = server.run()

    assert [job.status for job in run.stages[-1].jobs] == [Status.LOST, Status.PASSED]
    assert verdict(run.stages[-1].jobs[-1].artifacts) is True
    assert traffic.alone(within=20)
