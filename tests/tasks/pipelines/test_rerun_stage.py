"""``pipeline rerun-stage`` runs a stage again, or begins it, once it is known what that brings about."""

import pytest

from tests.tasks.pipelines.conftest import AS_ADMIN, Shell

AGAIN = "POST /api/stages/app/1/build/run"


def runs_of(shell: Shell, name: str, counter: int = 1) -> list[tuple[str, int]]:
    """Every run of every stage of a run, in their order."""
    run = shell.gocd.server.served(name).instances[counter - 1]
    return [(stage.name, stage.counter) for stage in run.stages]


def test_a_stage_runs_again_with_those_after_it_and_is_watched(shell: Shell) -> None:
    shell.open("waits-one")
    shell.open("waits-two")
    shell("trigger", "waits", "--watch")
    done = shell("rerun-stage", "waits/1/two", "--watch")

    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == "waits/1: two is to run again, all of it; after it by themselves: three"
    assert lines[1] == f"waits/1/two/2: begun, {shell.gocd.url}/pipelines/waits/1/two/2"
    # What was before is not told again.
    assert not any(line.startswith(("one/1", "three/1")) for line in lines)
    assert any(line.startswith("three/2: ") for line in lines)
    assert lines[-1].startswith("waits/1: passed, ")
    assert runs_of(shell, "waits") == [("one", 1), ("two", 1), ("three", 1), ("two", 2), ("three", 2)]


def test_a_stage_that_waits_for_a_person_is_begun(shell: Shell) -> None:
    shell.ran("app")
    done = shell("rerun-stage", "app/1/deploy", "--watch")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "app/1: deploy is to begin, all of it"
    assert runs_of(shell, "app") == [("build", 1), ("deploy", 1)]


def test_the_failed_jobs_are_those_of_the_whole_stage_also_where_others_ran_since(shell: Shell) -> None:
    shell.ran("fails")
    others = shell("rerun-stage", "fails/1/one", "--jobs", "good", "--watch")
    failed = shell("rerun-stage", "fails/1/one", "--failed-jobs")
    third = shell.gocd.until_over("fails/1/one", 3, **AS_ADMIN)

    assert (others.returncode, failed.returncode) == (1, 0)
    assert failed.stdout.splitlines()[0].startswith("fails/1: one is to run again, jobs bad")
    assert {job["name"]: job["rerun"] for job in third["jobs"]} == {"good": False, "bad": True}


def test_a_newer_run_is_not_gone_over_with_an_older_release_unasked(shell: Shell) -> None:
    for counter in (1, 2):
        shell.ran("app")
        shell.gocd.post(f"/api/stages/app/{counter}/deploy/run", version=2, **AS_ADMIN)
        shell.gocd.until_over(f"app/{counter}/deploy", **AS_ADMIN)
    refused = shell("rerun-stage", "app/1/deploy")
    forced = shell("rerun-stage", "app/1/deploy", "--force")
    dry = shell("rerun-stage", "app/2/deploy", "--dry-run")
    before = len(shell.orders)
    newer = shell("rerun-stage", "app/2/deploy")

    assert refused.returncode == 2
    assert refused.stderr == (
        "error: app/2 has been through deploy since, and app/1 is older; nothing was changed. "
        "If that is wanted: gocd-tasks pipeline rerun-stage app/1/deploy --force\n"
    )
    assert (forced.returncode, newer.returncode, dry.returncode) == (0, 0, 0)
    assert dry.stdout == "app/2: deploy is to run again, all of it\n"
    assert len(shell.orders) == before + 1
    assert "app/1: all the same, as --force is given: app/2 has been through deploy since" in forced.stdout
    assert runs_of(shell, "app") == [("build", 1), ("deploy", 1), ("deploy", 2)]


def test_a_pipeline_downstream_does_not_begin_twice_unasked(shell: Shell) -> None:
    shell.ran("app")
    refused = shell("rerun-stage", "app/1/build")
    forced = shell("rerun-stage", "app/1/build", "--force")

    assert (refused.returncode, forced.returncode) == (2, 0)
    assert refused.stderr == (
        "error: down would begin again with app/1, as build has passed in it before; nothing was changed. "
        "If that is wanted: gocd-tasks pipeline rerun-stage app/1/build --force\n"
    )
    assert shell.orders == [AGAIN]


def test_a_pipeline_downstream_that_has_not_begun_yet_is_told_of(shell: Shell) -> None:
    shell.ran("before")
    done = shell("rerun-stage", "before/1/one")

    assert done.returncode == 0
    assert "before/1: when one passes, behind begins" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "what", "advice"),
    [
        (("app/1/tea",), "app/1 has no stage tea", "It has build, deploy"),
        (("app/9/build",), "GoCD has no run app/9 that may be seen here", ""),
        (("app/1/build", "--jobs", "tea"), "app/1/build/1 has no job tea", "It has job"),
        (("app/1/build", "--failed-jobs"), "no job of app/1/build/1 failed", "rerun-stage app/1/build"),
        (("app/1/deploy", "--failed-jobs"), "app/1: deploy has not run", "rerun-stage app/1/deploy"),
        (("app/1/build", "--failed-jobs", "--jobs", "job"), "--failed-jobs and --jobs are two", ""),
        (("app/1/build", "--jobs", ","), "--jobs ',' names no job", ""),
        (("waits/1/one",), "waits/1 runs one", "pipeline watch waits/1"),
        (("fails/1/three",), "fails/1: two, which comes before three, has not begun", "fails/1/two"),
        (("fails/1/two",), "one, which comes before two, failed in fails/1", "fails/1/two --force"),
        (("app/1",), "'app/1' names no stage of a run", "production/12/"),
    ],
)
def test_what_cannot_run_is_refused_with_what_can(
    words: tuple[str, ...], what: str, advice: str, shell: Shell
) -> None:
    name = words[0].partition("/")[0]
    shell.gocd.server.trigger(name, "jez")
    first = shell.gocd.server.served(name).first_stage.name
    shell.gocd.until(f"/api/stages/{name}/1/{first}/1", lambda _: True, 3, **AS_ADMIN)
    if name != "waits":
        shell.gocd.until_over(f"{name}/1/{first}", **AS_ADMIN)
    done = shell("rerun-stage", *words)

    assert (done.returncode, shell.orders) == (2, [])
    assert done.stderr.startswith(f"error: {what}")
    assert "; nothing was changed" in done.stderr
    assert advice in done.stderr


def test_a_paused_pipeline_has_no_stage_run_again(shell: Shell) -> None:
    shell.ran("app")
    shell.gocd.server.pause("app", "ann", "")
    done = shell("rerun-stage", "app/1/deploy")

    assert (done.returncode, shell.orders) == (2, [])
    assert done.stderr.startswith("error: app is paused by ann; nothing was changed. Whoever paused it")


def test_an_order_whose_answer_is_lost_is_looked_for_and_not_sent_again(shell: Shell) -> None:
    shell.ran("app")
    shell.gocd.faults.only = "/run"
    shell.gocd.faults.cut = 1
    done = shell("rerun-stage", "app/1/deploy")

    assert (done.returncode, done.stderr) == (0, "")
    assert "app/1/deploy/1: begun, " in done.stdout
    assert shell.orders == ["POST /api/stages/app/1/deploy/run"]
    assert runs_of(shell, "app") == [("build", 1), ("deploy", 1)]
