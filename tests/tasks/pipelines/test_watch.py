"""``pipeline watch`` tells of a run as it goes, and leaves it alone."""

import json
import os
import signal
from pathlib import Path

from gocd.pipeline import Job, Stage
from gocd.rehearsal.standin_gocd.api.messages import message
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline
from tests.gocd.rehearsal.standin_gocd.serving import serving
from tests.program import CommandLine
from tests.tasks.pipelines.conftest import AS_ADMIN, Shell


def test_every_change_is_told_with_its_page_until_the_end(shell: Shell) -> None:
    shell("trigger", "waits")
    watching = shell.line.start("pipeline", "watch", "waits")
    heard = [watching.stdout.readline() for _ in range(3)]
    shell.open("waits-one")
    shell.open("waits-two")
    out, errors = watching.communicate()

    page = f"{shell.gocd.url}/pipelines"
    assert heard == [
        f"waits/1: Forced by jez, {page}/value_stream_map/waits/1\n",
        f"one/1: running, by jez, {page}/waits/1/one/1\n",
        "one/1/job: building\n",
    ]
    lines = out.splitlines()
    assert f"one/1: passed, {page}/waits/1/one/1" in lines
    assert any(line.startswith("two/1: ") and f"{page}/waits/1/two/1" in line for line in lines)
    assert lines[-1].startswith("waits/1: passed, watched for ")
    assert (watching.wait(), errors) == (0, "")


def test_a_stage_that_waits_for_a_person_ends_it_with_the_command_that_begins_it(shell: Shell) -> None:
    shell.ran("app")
    first = shell("watch", "app/1")
    shell.gocd.post("/api/stages/app/1/deploy/run", version=2, **AS_ADMIN)
    shell.gocd.until_over("app/1/deploy", **AS_ADMIN)
    over = shell("watch", "app/1")
    shell.ran("app")
    # Who may only look does not see whether it is paused.
    second = shell("watch", "app", GOCD_ACCESS_TOKEN="", GOCD_USER="vic", GOCD_PASSWORD="vole")

    for done, run in ((first, "app/1"), (second, "app/2")):
        *_, waits, begin = done.stdout.splitlines()
        assert (done.returncode, done.stderr) == (0, "")
        assert waits.startswith(
            f"{run}: all passed so far; deploy waits for somebody to begin it, watched for "
        )
        assert begin == f"To begin it: gocd-tasks pipeline rerun-stage {run}/deploy --watch"
    assert over.stdout.splitlines()[-1] == "app/1: passed, watched for 0 s"


def test_interrupted_it_leaves_the_run_alone_and_says_so(shell: Shell) -> None:
    shell("trigger", "waits")
    watching = shell.line.start("pipeline", "watch", "waits")
    watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate()

    assert watching.wait() == 130
    assert errors == (
        "error: cancelled; waits/1 goes on in GoCD. Watch it: gocd-tasks pipeline watch waits/1\n"
    )
    assert shell.orders == ["POST /api/pipelines/waits/schedule"]
    assert shell.gocd.server.served("waits").instances[0].is_active


def test_who_cancelled_a_stage_is_told(shell: Shell) -> None:
    shell("trigger", "waits")
    shell.gocd.post("/api/stages/waits/1/one/1/cancel", version=3, auth=("ann", "otter"))
    done = shell("watch", "waits")

    assert done.returncode == 1
    assert done.stderr == (
        "error: waits/1: one was cancelled by ann; GoCD begins nothing after it. "
        "To run it again: gocd-tasks pipeline rerun-stage waits/1/one\n"
    )


def test_a_run_that_is_not_over_in_time_is_told_to_go_on(shell: Shell) -> None:
    shell("trigger", "waits")
    done = shell("watch", "waits/1", "--timeout", "3")

    assert done.returncode == 3
    assert done.stderr.startswith("error: not over: waits/1: one running, 0 of 1 job over after 3 s; ")
    assert done.stderr.endswith("waits/1 goes on in GoCD. Watch it: gocd-tasks pipeline watch waits/1\n")


def test_a_server_that_is_away_for_a_while_is_waited_for(shell: Shell) -> None:
    shell("trigger", "waits")
    watching = shell.line.start("pipeline", "watch", "waits")
    while "building" not in watching.stdout.readline():
        pass
    shell.gocd.faults.unheard = 2
    while "no word from GoCD" not in watching.stdout.readline():
        pass
    shell.gocd.faults.fail(2, 404, "")
    shell.gocd.faults.fail(1, 503, "")
    for gate in ("waits-one", "waits-two"):
        shell.open(gate)
    out, errors = watching.communicate()

    assert (watching.wait(), errors) == (0, "")
    assert out.splitlines()[-1].startswith("waits/1: passed, ")


def test_a_login_that_is_withdrawn_meanwhile_ends_it(shell: Shell) -> None:
    shell("trigger", "waits")
    watching = shell.line.start("pipeline", "watch", "waits")
    while "building" not in watching.stdout.readline():
        pass
    shell.gocd.faults.next.append(message("You are not authorized to perform this action.", 403))
    _, errors = watching.communicate()

    assert watching.wait() == 1
    assert errors.startswith("error: GoCD does not let GOCD_ACCESS_TOKEN do this (403: ")
    assert "; waits/1 goes on in GoCD. " in errors


def test_a_pipeline_that_is_paused_between_two_stages_is_told_to_be(shell: Shell) -> None:
    shell("trigger", "waits")
    shell.gocd.server.pause("waits", "ann", "the disks")
    shell.open("waits-one")
    shell.gocd.until_over("waits/1/one", **AS_ADMIN)
    done = shell("watch", "waits")

    assert done.returncode == 1
    assert done.stderr == (
        "error: waits is paused by ann (the disks), so that GoCD begins no stage of it; waits/1 waits before "
        "two. Once that is over, begin it: gocd-tasks pipeline rerun-stage waits/1/two\n"
    )


def test_what_never_ran_is_not_watched(shell: Shell) -> None:
    never, unknown = shell("watch", "app"), shell("watch", "app/7")

    assert (never.returncode, unknown.returncode) == (2, 2)
    assert never.stderr == (
        "error: app has never run; nothing was changed. "
        "To begin a run: gocd-tasks pipeline trigger app --watch\n"
    )
    assert unknown.stderr == (
        "error: GoCD has no run app/7 that may be seen here (Pipeline [app/7] not found); "
        "nothing was changed\n"
    )


def test_it_asks_one_question_a_look(shell: Shell) -> None:
    shell("trigger", "waits")
    shell.gocd.faults.asked.clear()
    shell("watch", "waits", "--timeout", "30")

    # After 0, 1, 2, 3, 4 and 5 s, every 2 s up to 20 s, every 5 s from then on; one more to find the newest.
    assert set(shell.gocd.faults.asked) == {"GET /api/pipelines/waits/history", "GET /api/pipelines/waits/1"}
    assert len(shell.gocd.faults.asked) <= 18


def test_a_job_that_no_agent_takes_is_told_to_wait_for_one(tmp_path: Path) -> None:
    needs_windows = Stage("one", (Job("job", (bash("true"),), resources=("windows",)),))
    with serving(tmp_path / "gocd", pipeline(needs_windows, name="app"), fleet=[("linux",)]) as gocd:
        line = CommandLine({"PATH": os.environ["PATH"], "GOCD_TASKS_SERVER": gocd.url}, tmp_path)
        events = tmp_path / "events.jsonl"
        done = line("pipeline", "trigger", "app", "--watch", "--timeout", "5", "--events", str(events))

    assert done.returncode == 3
    assert "app/1: one waits for an agent that may run it, " in done.stdout
    told = [json.loads(each) for each in events.read_text().splitlines()]
    assert [(each["state"], each.get("run")) for each in told] == [
        ("started", None),
        ("run-begun", "app/1"),
        ("run-stage", "app/1/one/1"),
        ("ended", None),
    ]
    assert {(each["pipeline"], each["stage"]) for each in told} == {(None, None)}
