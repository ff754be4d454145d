import os
import re
import signal
import time
from pathlib import Path

import pytest

from gocd.pipeline import Artifact, Exec, Fetch, Job, OtherTask, Stage, Variables
from gocd.rehearsal.standin_gocd.assignment import StartedTask
from gocd.rehearsal.standin_gocd.runs import JobRun, PipelineRun, Status
from tests.gocd.rehearsal.standin_gocd.living import gone
from tests.gocd.rehearsal.standin_gocd.rehearsed import Rehearsed, bash, pipeline, stage


@pytest.fixture
def rehearsed(tmp_path: Path) -> Rehearsed:
    return Rehearsed(tmp_path / "rehearsal")


def only_job(run: PipelineRun) -> JobRun:
    ((job,),) = (stage.jobs for stage in run.stages)
    return job


def statuses(run: PipelineRun) -> list[str]:
    return [task.status.value for task in run.tasks()]


def test_tasks_run_one_after_the_other_until_the_last(rehearsed: Rehearsed) -> None:
    run = rehearsed.run(bash("echo a"), bash("echo b >&2"), bash("printf c"))

    assert run.status is Status.PASSED
    assert rehearsed.output() == ["a", "b", "c"]
    assert [task.last_line for task in run.tasks()] == ["a", "b", "c"]
    assert list(run.tasks()) == rehearsed.ended


def test_a_failing_task_skips_later_passed_tasks(rehearsed: Rehearsed) -> None:
    run = rehearsed.run(bash("echo a; exit 3"), bash("echo never"))

    assert run.status is Status.FAILED
    assert [(task.status, task.exit_code) for task in run.tasks()] == [(Status.FAILED, 3)]
    assert rehearsed.output() == ["a"]


def test_after_a_failure_failed_and_any_tasks_run_even_past_one_that_fails_too(rehearsed: Rehearsed) -> None:
    run = rehearsed.run(
        bash("echo early", run_if="failed"),
        bash("exit 1"),
        bash("echo failed; exit 1", run_if="failed"),
        bash("echo any", run_if="any"),
        bash("echo never"),
    )

    assert run.status is Status.FAILED
    assert rehearsed.output() == ["failed", "any"]


def test_an_any_task_that_passes_does_not_heal_the_job(rehearsed: Rehearsed) -> None:
    assert rehearsed.run(bash("exit 1"), bash("true", run_if="any")).status is Status.FAILED


def test_death_by_signal_shows_as_128_and_its_number(rehearsed: Rehearsed) -> None:
    (task,) = rehearsed.run(bash("kill -9 $$")).tasks()

    assert (task.status, task.exit_code) == (Status.FAILED, 137)


@pytest.mark.parametrize("command", ["no-such-command", "./no-such-file", "/no/such/file", "echo hi"])
def test_a_command_that_is_not_there_fails_without_an_exit_code(command: str, rehearsed: Rehearsed) -> None:
    (task,) = rehearsed.run(Exec(command)).tasks()

    assert (task.status, task.exit_code) == (Status.FAILED, None)
    assert f"Cannot run program '{command}'" in task.last_line


def test_a_bare_command_is_looked_up_in_the_agents_path_not_the_jobs(
    rehearsed: Rehearsed, tmp_path: Path
) -> None:
    for folder, word in (("agent", "agents"), ("job", "jobs")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "which-one").write_text(f"#!/bin/bash\necho {word}\n")
        (tmp_path / folder / "which-one").chmod(0o755)
    system = os.environ["PATH"]
    path = Variables({"PATH": f"{tmp_path / 'job'}:{system}"})
    of = pipeline(stage("one", Exec("which-one"), bash("which-one")), variables=path)

    rehearsed.server(of, environ={"PATH": f"{tmp_path / 'agent'}:{system}"}).run()

    assert rehearsed.output() == ["agents", "jobs"]


def test_a_task_has_an_empty_input_and_no_terminal(rehearsed: Rehearsed) -> None:
    rehearsed.run(bash("cat; tty; echo end"))

    assert rehearsed.output() == ["not a tty", "end"]


def test_a_task_runs_in_the_jobs_folder_or_below_it(rehearsed: Rehearsed) -> None:
    rehearsed.run(bash("pwd; mkdir sub"), bash("pwd; echo 'echo $0' > it; chmod +x it", folder="sub"))

    job_folder = rehearsed.folder / "agents" / "1" / "pipelines" / "staging"
    assert rehearsed.output() == [str(job_folder), str(job_folder / "sub")]


def test_a_relative_command_is_relative_to_the_working_directory(rehearsed: Rehearsed) -> None:
    script = "mkdir sub; printf '#!/bin/bash\\necho found\\n' > sub/it; chmod +x sub/it"

    rehearsed.run(bash(script), Exec("./it", working_directory="sub"))

    assert rehearsed.output() == ["found"]


def test_a_missing_working_directory_fails_the_task(rehearsed: Rehearsed) -> None:
    (task,) = rehearsed.run(bash("true", folder="none")).tasks()

    assert task.status is Status.FAILED
    assert re.search(r'Working directory ".*/none" is not a directory!', task.last_line)


def test_a_background_child_that_holds_the_pipe_holds_the_task_and_is_not_heard(rehearsed: Rehearsed) -> None:
    (task,) = rehearsed.run(
        bash("(sleep 0.2; echo soon; sleep 0.5; echo late) & sleep 0.4; echo early")
    ).tasks()

    assert task.seconds > 0.6
    assert rehearsed.output() == ["soon", "early"]


def test_a_background_child_with_its_own_pipes_does_not_hold_the_task(rehearsed: Rehearsed) -> None:
    (task,) = rehearsed.run(bash("sleep 100 </dev/null >/dev/null 2>&1 & echo $!")).tasks()

    os.kill(int(rehearsed.output()[0]), signal.SIGKILL)
    assert task.seconds < 100


def test_the_last_line_of_a_failure_is_that_of_stderr(rehearsed: Rehearsed) -> None:
    (task,) = rehearsed.run(bash("echo 'error: it broke' >&2; sleep 0.1; echo bye; echo; exit 1")).tasks()

    assert task.last_line == "error: it broke"


def test_output_that_is_not_text_does_not_stop_the_console(rehearsed: Rehearsed) -> None:
    rehearsed.run(bash(r"printf 'a\xffb\n'; echo c"))

    assert rehearsed.output() == ["a\ufffdb", "c"]


def test_secrets_are_masked_in_output_and_hidden_in_the_environment_dump(rehearsed: Rehearsed) -> None:
    secure = Variables(secure={"TOKEN": "AES:x:y", "KEY": "AES:x:z"})
    of = pipeline(stage("one", bash('echo "token $TOKEN"; echo "$KEY" >&2')), variables=secure)

    rehearsed.server(of, secrets={"TOKEN": "s3cret", "KEY": "first\nsecond"}).run()

    assert "[go] setting environment variable 'TOKEN' to value '********'" in rehearsed.lines
    assert sorted(rehearsed.output()) == ["first", "second", "token ******"]


def test_the_console_log_has_times_and_what_gocd_says_around_each_task(rehearsed: Rehearsed) -> None:
    run = rehearsed.run(bash("echo hi; exit 2"))

    log = only_job(run).console_log.read_text().splitlines()
    assert all(re.match(r"[^|]{2}\|\d\d:\d\d:\d\d\.\d{3} ", line) for line in log)
    assert [line[16:] for line in log] == rehearsed.lines
    assert [line[:2] for line in log if "[go] set" not in line and "[go] over" not in line] == [
        *("##", "##", "pr", "##", "!!", "&1", "?1", "j1", "##", "ex"),
    ]
    said = "\n".join(rehearsed.lines)
    for words in (
        r"\[go\] Job Started: \d{4}-",
        r"\[go\] Start to prepare staging/1/one/1/job on .* \[.*\]",
        r"\[go\] setting environment variable 'GO_JOB_NAME' to value 'job'",
        r"\[go\] Start to build staging/1/one/1/job",
        r"\[go\] Task: bash -c 'echo hi; exit 2'\nhi\n\[go\] Task status: failed \(\d+ ms\) \(exit code: 2\)",
        r"\[go\] Current job status: failed",
        r"\[go\] Job completed staging/1/one/1/job",
    ):
        assert re.search(words, said), words


def test_artifacts_are_published_after_a_failure_too(rehearsed: Rehearsed) -> None:
    job = Job(
        "job",
        (bash("echo x > a.txt; exit 1"),),
        artifacts=(Artifact("build", "a.txt", "r"),),
        tabs={"A": "r/a.txt"},
    )

    published = only_job(rehearsed.server(pipeline(Stage("one", (job,)))).run())

    assert published.status is Status.FAILED
    assert published.tabs["A"].read_text() == "x\n"
    assert published.tabs["A"].is_relative_to(rehearsed.folder / "artifacts/staging/1/one/1/job")


def test_a_missing_build_artifact_fails_the_job(rehearsed: Rehearsed) -> None:
    job = Job("job", (bash("true"),), artifacts=(Artifact("build", "none"), Artifact("build", "none2")))

    run = rehearsed.server(pipeline(Stage("one", (job,)))).run()

    assert (run.status, statuses(run)) == (Status.FAILED, ["passed"])
    assert "The rule [none] cannot match any resource under" in only_job(run).problem


def test_a_missing_test_artifact_is_only_said(rehearsed: Rehearsed) -> None:
    job = Job("job", (bash("true"),), artifacts=(Artifact("test", "none"),))

    assert rehearsed.server(pipeline(Stage("one", (job,)))).run().status is Status.PASSED
    assert any("The rule [none] cannot match" in line for line in rehearsed.lines)


def test_a_cancel_terminates_the_task_and_its_grandchildren(rehearsed: Rehearsed) -> None:
    script = "bash -c 'sleep 60 & echo $!; echo ready; wait' & wait"

    run = rehearsed.run_until("ready", bash(script))

    (task,) = run.tasks()
    assert (run.status, task.status, task.exit_code) == (Status.CANCELLED, Status.CANCELLED, 143)
    assert gone(int(rehearsed.output()[0]))


def test_a_cancel_skips_every_later_task_and_publishes_nothing(rehearsed: Rehearsed) -> None:
    job = Job(
        "job",
        (bash("touch a; echo ready; sleep 60"), bash("echo never", "any"), bash("echo never", "failed")),
        artifacts=(Artifact("build", "a"),),
    )
    server = rehearsed.server(pipeline(Stage("one", (job,)), stage("two", bash("echo never"))))
    rehearsed.when_line = lambda line: server.cancel() if line == "ready" else None

    run = server.run()

    assert rehearsed.output() == ["ready"]
    assert (run.status, only_job(run).status) == (Status.CANCELLED, Status.CANCELLED)
    assert not (only_job(run).artifacts / "a").exists()


def test_a_cancelled_task_may_clean_up_as_long_as_it_likes(rehearsed: Rehearsed) -> None:
    script = "trap 'sleep 0.3; echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done"

    (task,) = rehearsed.run_until("ready", bash(script)).tasks()

    assert rehearsed.output()[-1] == "cleaned"
    assert (task.status, task.exit_code) == (Status.CANCELLED, 0)


def test_an_on_cancel_of_its_own_runs_instead_and_the_job_waits_for_the_task(rehearsed: Rehearsed) -> None:
    original = "trap 'echo terminated' TERM; echo ready; for _ in 1 2 3 4 5 6; do sleep 0.1; done; echo done"

    run = rehearsed.run_until(
        "ready", bash(original, on_cancel=bash("echo $GO_JOB_NAME is cancelled; exit 1"))
    )

    assert rehearsed.output() == ["ready", "job is cancelled", "done"]
    assert "[go] On Cancel Task failed" in rehearsed.lines
    assert statuses(run) == ["cancelled"]


def test_a_second_cancel_kills_what_ignored_the_first(rehearsed: Rehearsed) -> None:
    script = "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.05; done"
    server = rehearsed.server(pipeline(stage("one", bash(script))))
    rehearsed.when_line = lambda line: server.cancel() if line in ("ready", "ignored") else None

    (task,) = server.run().tasks()

    assert (task.status, task.exit_code) == (Status.CANCELLED, 137)


def test_a_lost_agent_says_nothing_more_and_another_starts_the_job_again(
    rehearsed: Rehearsed, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    hang = bash(f"[ -e {mark} ] && exit; touch {mark}; sleep 60 & echo $!; echo hangs; wait; echo never")
    started: list[StartedTask] = []
    rehearsed.when_started = started.append
    rehearsed.when_line = lambda line: started[-1].kill() if line == "hangs" else None

    run = rehearsed.run(bash("echo first; ls; touch left"), hang, bash("echo last", run_if="any"))

    lost, again = run.stages[0].jobs
    assert (run.status, lost.status, again.status) == (Status.PASSED, Status.LOST, Status.PASSED)
    assert (lost.job, lost.artifacts) == (again.job, again.artifacts)
    assert [task.status.value for task in lost.tasks] == ["passed", "lost"]
    assert [task.status.value for task in again.tasks] == ["passed", "passed", "passed"]
    said = rehearsed.output()
    assert [word for word in said if not word.isdigit()] == ["first", "hangs", "first", "last"]
    assert gone(int(said[1]))


def test_a_job_folder_is_kept_for_the_next_job_unless_the_stage_cleans_it(rehearsed: Rehearsed) -> None:
    of = pipeline(
        stage("one", bash("touch left")),
        stage("two", bash("ls")),
        stage("three", bash("ls; echo end"), clean_workspace=True),
    )

    rehearsed.server(of).run()

    assert rehearsed.output() == ["left", "end"]


def test_a_checkout_is_a_fresh_copy_without_what_version_control_leaves_out(
    rehearsed: Rehearsed, tmp_path: Path
) -> None:
    for name in ("app/main.py", ".git/HEAD", ".venv/x", "rehearsal/old"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    of = pipeline(
        stage("one", bash("find . -type f; touch left")),
        stage("two", bash("find . -type f"), fetch_materials=False),
        stage("three", bash("find . -type f")),
    )

    rehearsed.server(of, checkout=tmp_path).run()

    assert sorted(rehearsed.output()) == ["./app/main.py"] * 3 + ["./left"]


def test_a_checkout_that_is_impossible_fails_the_job(rehearsed: Rehearsed, tmp_path: Path) -> None:
    run = rehearsed.server(pipeline(stage("one", bash("true"))), checkout=tmp_path / "none").run()

    assert (run.status, only_job(run).tasks) == (Status.FAILED, ())
    assert "none" in only_job(run).problem


def test_a_task_that_needs_a_plugin_fails_and_says_so(rehearsed: Rehearsed) -> None:
    (task,) = rehearsed.run(OtherTask("script")).tasks()

    assert task.last_line == "A script task needs a plugin of a real server and cannot be rehearsed"


def test_a_fetch_that_finds_nothing_fails_its_task(rehearsed: Rehearsed) -> None:
    fetch = Fetch("one", "job", "none")
    run = rehearsed.server(pipeline(stage("one", bash("true")), stage("two", fetch))).run()

    assert statuses(run) == ["passed", "failed"]
    assert "Failed to save artifact [none]" in list(run.tasks())[1].last_line


def test_times_are_taken_on_both_clocks(rehearsed: Rehearsed) -> None:
    before = time.monotonic(), time.time()
    (task,) = rehearsed.run(bash("sleep 0.2")).tasks()

    assert before[0] <= task.started < task.ended <= time.monotonic()
    assert before[1] <= task.started_at <= time.time()
    assert 0.2 <= task.seconds <= time.monotonic() - before[0]
