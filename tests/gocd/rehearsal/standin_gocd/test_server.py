import os
import signal
from pathlib import Path

import pytest

from gocd.errors import GoCDError
from gocd.pipeline import Approval, Artifact, Exec, Fetch, Job, Material, Stage, Variables
from gocd.rehearsal.standin_gocd.materials import Upstream
from gocd.rehearsal.standin_gocd.runs import PipelineRun, Status
from gocd.running_job import RunningJob
from tests.gocd.rehearsal.standin_gocd.rehearsed import Rehearsed, bash, pipeline, stage

MANUAL = Approval(manual=True)
SAY = bash("echo $GO_STAGE_NAME/$GO_STAGE_COUNTER")


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearsed:
    return Rehearsed(tmp_path / "rehearsal")


def stages(run: PipelineRun) -> list[str]:
    return [f"{stage.name}/{stage.counter} {stage.status.value}" for stage in run.stages]


def test_stages_run_in_order(rehearsed: Rehearsed) -> None:
    run = rehearsed.server(pipeline(stage("one", SAY), stage("two", SAY))).run()

    assert (run.status, stages(run)) == (Status.PASSED, ["one/1 passed", "two/1 passed"])
    assert rehearsed.output() == ["one/1", "two/1"]


def test_nothing_runs_after_a_stage_that_failed(rehearsed: Rehearsed) -> None:
    run = rehearsed.server(pipeline(stage("one", bash("exit 1")), stage("two", SAY))).run()

    assert (run.status, stages(run)) == (Status.FAILED, ["one/1 failed"])


def test_a_manual_stage_is_waited_for_unless_it_is_approved(rehearsed: Rehearsed) -> None:
    of = pipeline(stage("one", SAY), stage("two", SAY, approval=MANUAL), stage("three", SAY))
    server = rehearsed.server(of)

    waiting = server.run()
    approved = server.run(approve=["two"])

    assert (waiting.status, waiting.waiting_for, stages(waiting)) == (Status.WAITING, "two", ["one/1 passed"])
    assert (approved.status, approved.counter, len(approved.stages)) == (Status.PASSED, 2, 3)


def test_a_waiting_instance_goes_on_when_its_manual_stage_is_run(rehearsed: Rehearsed) -> None:
    server = rehearsed.server(
        pipeline(stage("one", SAY), stage("two", SAY, approval=MANUAL), stage("three", SAY))
    )
    server.run()

    run = server.run_stage("two")

    assert (run.status, run.counter) == (Status.PASSED, 1)
    assert stages(run) == ["one/1 passed", "two/1 passed", "three/1 passed"]


def test_a_manual_first_stage_runs_for_whoever_starts_the_pipeline(rehearsed: Rehearsed) -> None:
    assert rehearsed.server(pipeline(stage("one", SAY, approval=MANUAL))).run().status is Status.PASSED


def test_approving_a_stage_that_is_not_there_is_an_error(rehearsed: Rehearsed) -> None:
    server = rehearsed.server(pipeline(stage("one", SAY)))

    with pytest.raises(GoCDError, match="pipeline 'staging' has no stage 'Production'; its stages are one"):
        server.run(approve=["Production"])
    assert rehearsed.lines == []


def test_a_stage_run_again_counts_up_and_gocd_goes_on_after_it(rehearsed: Rehearsed) -> None:
    server = rehearsed.server(pipeline(stage("one", SAY), stage("two", SAY)))
    server.run()

    run = server.run_stage("one")

    assert stages(run) == ["one/1 passed", "two/1 passed", "one/2 passed", "two/2 passed"]
    assert rehearsed.output() == ["one/1", "two/1", "one/2", "two/2"]


def test_a_stage_cannot_run_before_the_one_before_it(rehearsed: Rehearsed) -> None:
    server = rehearsed.server(pipeline(stage("one", bash("exit 1")), stage("two", SAY), stage("three", SAY)))

    with pytest.raises(GoCDError, match="stage 'one' cannot run: pipeline 'staging' has not run yet"):
        server.run_stage("one")
    server.run()
    with pytest.raises(GoCDError, match=r"Can not run stage \[three\] .* previous stage has not been run"):
        server.run_stage("three")
    assert server.run_stage("two").status is Status.PASSED


def test_a_stage_only_on_success_cannot_run_after_a_failure(rehearsed: Rehearsed) -> None:
    strict = Approval(manual=True, allow_only_on_success=True)
    server = rehearsed.server(pipeline(stage("one", bash("exit 1")), stage("two", SAY, approval=strict)))
    server.run()

    with pytest.raises(GoCDError, match="Cannot schedule two as the previous stage one has Failed!"):
        server.run_stage("two")


def test_jobs_of_a_stage_run_at_the_same_time_on_agents_of_their_own(rehearsed: Rehearsed) -> None:
    meet = 'touch "$MEET/$GO_JOB_NAME"; until [ -e "$MEET/a" ] && [ -e "$MEET/b" ]; do sleep 0.02; done; pwd'
    jobs = (Job("a", (bash(meet),)), Job("b", (bash(meet),)))
    rehearsed.folder.mkdir()
    of = pipeline(Stage("one", jobs), variables=Variables({"MEET": str(rehearsed.folder)}))

    run = rehearsed.server(of).run()

    assert run.status is Status.PASSED
    assert len(set(rehearsed.output())) == 2
    assert [job.job.name for job in run.stages[0].jobs] == ["a", "b"]


def test_one_failed_job_fails_the_stage_and_leaves_the_others_alone(rehearsed: Rehearsed) -> None:
    jobs = (Job("a", (bash("exit 1"),)), Job("b", (bash("sleep 0.2; echo b"),)))

    run = rehearsed.server(pipeline(Stage("one", jobs))).run()

    assert [job.status for job in run.stages[0].jobs] == [Status.FAILED, Status.PASSED]
    assert run.status is Status.FAILED


@pytest.mark.parametrize(
    ("instances", "names"),
    [(2, ["job-runInstance-1 1/2", "job-runInstance-2 2/2"]), ("all", ["job-runOnAll-1 /"])],
)
def test_a_job_of_several_instances_runs_under_several_names(
    instances: int | str, names: list[str], rehearsed: Rehearsed
) -> None:
    job = Job(
        "job", (bash("echo $GO_JOB_NAME $GO_JOB_RUN_INDEX/$GO_JOB_RUN_COUNT"),), run_instances=instances
    )

    rehearsed.server(pipeline(Stage("one", (job,)))).run()

    assert sorted(rehearsed.output()) == names


def test_a_later_stage_fetches_what_the_newest_run_of_an_earlier_one_published(rehearsed: Rehearsed) -> None:
    publish = Job("job", (bash("echo $GO_STAGE_COUNTER > n"),), artifacts=(Artifact("build", "n", "out"),))
    take = (Fetch("one", "job", "out", destination="got"), bash("cat got/out/n"))
    server = rehearsed.server(pipeline(Stage("one", (publish,)), stage("two", *take)))

    server.run()
    server.run_stage("one")

    assert rehearsed.output() == ["1", "2"]


def test_artifacts_of_an_upstream_pipeline_come_from_the_folder_the_caller_gives(
    rehearsed: Rehearsed, tmp_path: Path
) -> None:
    published = tmp_path / "published" / "package" / "build"
    published.mkdir(parents=True)
    (published / "app.tgz").write_text("the release")
    fetch = Fetch("package", "build", "app.tgz", pipeline="dist", is_file=True, destination="dist")
    of = pipeline(
        stage(
            "one", fetch, bash("cat dist/app.tgz; echo; echo $GO_DEPENDENCY_LABEL_DIST $GO_PIPELINE_LABEL")
        ),
        materials=(Material("dist", "dependency", pipeline="dist", stage="package"),),
        label_template="${dist}-${COUNT}",
    )

    run = rehearsed.server(of, upstream={"dist": Upstream("2.0", 8, tmp_path / "published")}).run()

    assert rehearsed.output() == ["the release", "2.0 2.0-1"]
    assert run.label == "2.0-1"


def test_a_run_that_cannot_begin_says_why(rehearsed: Rehearsed) -> None:
    everywhere = Job("job", (SAY,), resources=("linux",), run_instances="all")

    with pytest.raises(GoCDError, match=r"came of it: Could not find matching agents to run job \[job\]"):
        rehearsed.server(pipeline(Stage("one", (everywhere,))), fleet=[()]).run()


def test_an_upstream_without_artifacts_fails_the_fetch(rehearsed: Rehearsed) -> None:
    of = pipeline(
        stage("one", Fetch("package", "build", "app.tgz", pipeline="dist")),
        materials=(Material("dist", "dependency", pipeline="dist", stage="package"),),
    )

    (task,) = rehearsed.server(of, upstream={"dist": Upstream("2.0")}).run().tasks()

    assert task.last_line == "nothing that pipeline 'dist' published is at hand"


@pytest.mark.parametrize(
    ("behavior", "scripts", "approval", "is_locked"),
    [
        ("none", ["exit 1", "true"], Approval(), False),
        ("lockOnFailure", ["exit 1", "true"], Approval(), True),
        ("lockOnFailure", ["true", "exit 1"], Approval(), False),
        ("lockOnFailure", ["true", "true"], Approval(), False),
        ("lockOnFailure", ["true", "true"], MANUAL, True),
        ("unlockWhenFinished", ["exit 1", "true"], Approval(), False),
        ("unlockWhenFinished", ["true", "true"], MANUAL, False),
    ],
)
def test_a_lock_is_left_behind_as_gocd_would_leave_it(
    behavior: str, scripts: list[str], approval: Approval, is_locked: bool, rehearsed: Rehearsed
) -> None:
    first, second = (bash(script) for script in scripts)
    of = pipeline(stage("one", first), stage("two", second, approval=approval), lock_behavior=behavior)

    assert rehearsed.server(of).run().is_locked is is_locked


def test_a_missing_secret_is_an_error_before_anything_runs(rehearsed: Rehearsed) -> None:
    of = pipeline(stage("one", SAY, variables=Variables(secure={"TOKEN": "AES:a:b"})))

    with pytest.raises(GoCDError, match="--secret TOKEN=VALUE"):
        rehearsed.server(of)


def test_a_pipeline_from_a_server_template_cannot_be_rehearsed(rehearsed: Rehearsed) -> None:
    with pytest.raises(GoCDError, match="gets its stages from template 'deploy'"):
        rehearsed.server(pipeline(template="deploy"))


def test_a_cancel_reaches_all_jobs_from_a_signal_handler_and_a_stage_may_then_run_again(
    rehearsed: Rehearsed,
) -> None:
    wait = Exec(
        "bash", ("-c", f"if [ $GO_STAGE_COUNTER = 1 ]; then kill -USR1 {os.getpid()}; exec sleep 60; fi")
    )
    server = rehearsed.server(pipeline(Stage("one", (Job("a", (wait,)),)), stage("two", SAY)))
    before = signal.signal(signal.SIGUSR1, lambda *_: server.cancel())
    try:
        cancelled = server.run()
    finally:
        signal.signal(signal.SIGUSR1, before)
    again = server.run_stage("one")

    assert (cancelled.status, stages(cancelled)) == (Status.CANCELLED, ["one/1 cancelled"])
    assert (again.status, stages(again)[1:]) == (Status.PASSED, ["one/2 passed", "two/1 passed"])


def test_a_task_finds_the_job_it_runs_in(rehearsed: Rehearsed) -> None:
    job = rehearsed.run(bash("env")).stages[0].jobs[0].job

    environ = dict(line.split("=", 1) for line in rehearsed.output() if line.startswith("GO_"))
    assert RunningJob.from_environment(environ) == job
    assert job.locator == "staging/1/one/1/job"
