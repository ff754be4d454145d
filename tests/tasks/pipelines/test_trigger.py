"""``pipeline trigger`` has a run begin, and knows it among others."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import TOKEN, serving
from tests.program import CommandLine
from tests.tasks.pipelines.conftest import AS_ADMIN, Shell

ANN = TOKEN[::-1]
SCHEDULE = "POST /api/pipelines/app/schedule"


def test_the_run_that_begins_is_named_with_its_page(shell: Shell) -> None:
    shell.ran("app")
    done = shell("trigger", "app")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"app/2: begun, {shell.gocd.url}/pipelines/value_stream_map/app/2\n"
    assert [run.cause.approver for run in shell.gocd.server.served("app").instances] == ["jez", "jez"]


def test_each_of_two_who_trigger_the_same_pipeline_is_told_their_own_run(shell: Shell) -> None:
    """While a run of one has not begun, the other is refused, and tries again."""

    def trigger(token: str) -> list[int]:
        found: list[int] = []
        for _ in range(200):
            done = shell("trigger", "app", GOCD_ACCESS_TOKEN=token)
            if done.returncode == 0:
                last = done.stdout.splitlines()[-1]
                found.append(int(last.partition(":")[0].removeprefix("app/")))
            else:
                assert done.returncode == 2, done.stderr
            if len(found) == 3:
                break
        return found

    with ThreadPoolExecutor() as pool:
        jez, ann = pool.map(trigger, (TOKEN, ANN))

    by = {run.counter: run.cause.approver for run in shell.gocd.server.served("app").instances}
    assert by == {**dict.fromkeys(jez, "jez"), **dict.fromkeys(ann, "ann")}
    assert len(by) == 6


def test_variables_and_revisions_are_those_that_are_given_and_secrets_are_not_shown(shell: Shell) -> None:
    done = shell(
        *("trigger", "app", "--variable", "TARGET=there", "--secret-variable", "PIN"),
        *("--revision", "app=0a1b2c3d"),
        PIN="four numbers",
    )

    assert (done.returncode, done.stderr) == (0, "")
    [run] = shell.gocd.server.served("app").instances
    assert run.revisions["app"] == "0a1b2c3d"
    shell.gocd.until_over("app/1/build", **AS_ADMIN)
    console = shell.gocd.get("/files/app/1/build/1/job/cruise-output/console.log", **AS_ADMIN).text
    assert "for there" in console
    assert "the same" in console
    assert "four numbers" not in console + done.stdout


@pytest.mark.parametrize(
    ("words", "what", "advice"),
    [
        (("--variable", "TARGTE=x"), "app has no variable TARGTE", "Did you mean TARGET?"),
        (("--variable", "TEA=x"), "app has no variable TEA", "A run can be given KEY, PIN, TARGET"),
        (("--variable", "TARGET"), "--variable takes NAME=VALUE, not 'TARGET'", ""),
        (("--variable", "KEY=x"), "KEY is a secure variable of app", "--secret-variable"),
        (("--secret-variable", "KEY"), "the environment has no KEY", ""),
        (("--revision", "ap=1"), "app has no material ap", "Did you mean app?"),
        (("--revision", "app="), "--revision takes NAME=VALUE", ""),
        (("--variable", "TARGET=a", "--variable", "TARGET=b"), "--variable TARGET is given twice", ""),
    ],
)
def test_what_the_pipeline_does_not_have_is_refused_before_anything_begins(
    words: tuple[str, ...], what: str, advice: str, shell: Shell
) -> None:
    done = shell("trigger", "app", *words)

    assert (done.returncode, done.stdout, shell.orders) == (2, "", [])
    assert done.stderr.startswith(f"error: {what}")
    assert "; nothing was changed" in done.stderr
    assert advice in done.stderr


def test_a_pipeline_that_is_paused_is_not_triggered(shell: Shell) -> None:
    shell.gocd.server.pause("app", "ann", "a look at the disks")
    done = shell("trigger", "app")

    assert (done.returncode, done.stdout, shell.orders) == (2, "", [])
    assert done.stderr == (
        "error: app is paused by ann (a look at the disks); nothing was changed. "
        f"Whoever paused it lets it go on: {shell.gocd.url}/pipeline/activity/app\n"
    )


def test_a_pipeline_in_its_first_stage_is_not_triggered_again(shell: Shell) -> None:
    shell("trigger", "waits")
    done = shell("trigger", "waits")

    assert done.returncode == 2
    assert done.stderr == (
        "error: waits/1 is still in the first stage, one; nothing was changed. "
        "Watch it: gocd-tasks pipeline watch waits/1\n"
    )


def test_a_pipeline_that_a_run_has_locked_is_not_triggered(shell: Shell) -> None:
    shell.open("locks-one")
    assert shell("trigger", "locks", "--watch").returncode == 1
    done = shell("trigger", "locks")

    assert done.returncode == 2
    assert done.stderr == (
        "error: locks is locked by locks/1, whose two failed; nothing was changed. "
        "Once it is mended: gocd-tasks pipeline rerun-stage locks/1/two. "
        "To give that run up: gocd-tasks pipeline unlock locks\n"
    )


def test_an_order_whose_answer_is_lost_is_looked_for_and_not_sent_again(shell: Shell) -> None:
    shell.gocd.faults.only = "/schedule"
    shell.gocd.faults.cut = 1
    done = shell("trigger", "app")

    assert (done.returncode, done.stderr) == (0, "")
    assert "was lost before it answered; looking whether GoCD took it on" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("app/1: begun, ")
    assert shell.orders == [SCHEDULE]


def test_an_order_that_never_arrived_is_not_known_to_have(shell: Shell) -> None:
    shell.gocd.faults.only = "/schedule"
    shell.gocd.faults.unheard = 1
    done = shell("trigger", "app", "--timeout", "5")

    assert done.returncode == 3
    assert "and no run of it is seen; GoCD may or may not begin a run of app. " in done.stderr
    assert done.stderr.endswith("See: gocd-tasks pipeline status app\n")
    assert shell.gocd.server.served("app").instances == []
    assert shell.orders == []


def test_a_run_that_does_not_begin_is_told_with_what_the_server_complains_of(shell: Shell) -> None:
    """Behind a stage that has never passed, GoCD takes a trigger on and then can do nothing."""
    done = shell("trigger", "down", "--timeout", "5")

    assert done.returncode == 3
    assert "down: GoCD has not begun it yet after 5 s" in done.stderr
    assert "GoCD begins a run of down. See: gocd-tasks pipeline status down" in done.stderr


def test_watched_it_ends_as_the_run_does_with_the_console_of_what_failed(shell: Shell) -> None:
    done = shell("trigger", "fails", "--watch")

    url = f"{shell.gocd.url}/tab/build/detail/fails/1/one/1/bad"
    assert done.returncode == 1
    assert f"one/1/bad: failed, {url}" in done.stdout.splitlines()
    shown = [line for line in done.stdout.splitlines() if line.startswith("one/1/bad: | ")]
    assert shown[0] == "one/1/bad: | ... 13 lines before these"
    assert shown[-2:][0] == "one/1/bad: | oh no"
    assert "[go] Task status: failed" in shown[-1]
    assert len(shown) == 21
    assert done.stderr == (
        "error: fails/1: one failed; GoCD begins nothing after it. "
        "Once it is mended: gocd-tasks pipeline rerun-stage fails/1/one --failed-jobs\n"
    )


@pytest.mark.parametrize(
    ("login", "what"),
    [
        ({"GOCD_ACCESS_TOKEN": ""}, "GoCD wants to know who asks (401: You are not authenticated!)"),
        ({"GOCD_ACCESS_TOKEN": "x" * 40}, "GoCD does not accept GOCD_ACCESS_TOKEN (401: "),
        (
            {"GOCD_ACCESS_TOKEN": "", "GOCD_USER": "jez", "GOCD_PASSWORD": "wrong-one"},
            "GoCD does not accept GOCD_USER and GOCD_PASSWORD (401: ",
        ),
        (
            {"GOCD_ACCESS_TOKEN": "", "GOCD_USER": "vic", "GOCD_PASSWORD": "vole"},
            "GoCD does not let GOCD_USER and GOCD_PASSWORD do this (403: ",
        ),
    ],
)
def test_who_may_not_is_told_so(login: dict[str, str], what: str, shell: Shell) -> None:
    done = shell("trigger", "app", **login)

    assert (done.returncode, done.stdout, shell.orders) == (2, "", [])
    assert done.stderr.startswith(f"error: {what}")
    assert "wrong-one" not in done.stderr


def test_interrupted_before_the_run_is_there_it_says_that_there_will_be_one(tmp_path: Path) -> None:
    with serving(tmp_path / "gocd", pipeline(stage("one", bash("true")), name="app"), delay=2) as gocd:
        line = CommandLine({"PATH": os.environ["PATH"], "GOCD_TASKS_SERVER": gocd.url}, tmp_path)
        triggering = line.start("pipeline", "trigger", "app")
        assert triggering.stdout.readline().startswith("app: GoCD has not begun it yet, ")
        triggering.send_signal(signal.SIGTERM)
        _, errors = triggering.communicate()

    assert triggering.wait() == 143
    assert errors == "error: cancelled; GoCD begins a run of app. See: gocd-tasks pipeline status app\n"
