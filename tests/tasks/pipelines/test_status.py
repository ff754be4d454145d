"""``pipeline status`` says how pipelines stand and what to type next; nothing is changed."""

import json

from tests.tasks.pipelines.conftest import Shell


def test_one_look_tells_what_holds_up_what_ran_and_what_to_type(shell: Shell) -> None:
    shell.ran("app")
    shell.open("locks-one")
    shell("trigger", "locks", "--watch")
    shell("trigger", "waits")
    shell.gocd.server.pause("fails", "ann", "the disks")
    shell.gocd.faults.asked.clear()
    done = shell("status", "app", "locks", "waits", "fails", "down")

    assert (done.returncode, done.stderr, shell.orders) == (0, "", [])
    lines = [line.partition("; Forced")[0] for line in done.stdout.splitlines()]
    assert lines[:10] == [
        "app: neither paused nor locked, can be triggered",
        "app/1: build passed, deploy waits for approval",
        "To begin deploy: gocd-tasks pipeline rerun-stage app/1/deploy --watch",
        "locks: is locked by locks/1, whose two failed",
        "locks/1: one passed, two failed, three has not begun",
        "Once it is mended: gocd-tasks pipeline rerun-stage locks/1/two. "
        "To give that run up: gocd-tasks pipeline unlock locks",
        "waits: neither paused nor locked, cannot be triggered just now",
        "waits/1: one is running, two has not begun, three has not begun",
        "Watch it: gocd-tasks pipeline watch waits/1",
        "fails: is paused by ann (the disks)",
    ]
    assert lines[10] == "fails: has never run"
    assert lines[11].startswith("Whoever paused it lets it go on: ")


def test_a_program_is_told_the_same_as_json(shell: Shell) -> None:
    shell.ran("app")
    told = json.loads(shell("status", "app", "--output", "json").stdout)

    assert told["server"] == shell.gocd.url
    [app] = told["pipelines"]
    [run] = app.pop("runs")
    assert app == {
        "name": "app",
        "page": f"{shell.gocd.url}/pipeline/activity/app",
        "paused": False,
        "paused_by": None,
        "pause_cause": None,
        "locked": False,
        "locked_by": None,
        "can_be_triggered": True,
        "waits_for": "deploy",
        "next": "To begin deploy: gocd-tasks pipeline rerun-stage app/1/deploy --watch",
    }
    assert run["stages"][0] == {
        "name": "build",
        "counter": 1,
        "state": "passed",
        "approved_by": "jez",
        "jobs": {"job": "passed"},
    }
    assert (run["counter"], run["by"]) == (1, "jez")


def test_who_may_only_look_is_told_what_can_be_seen(shell: Shell) -> None:
    shell.ran("app")
    done = shell("status", "app", GOCD_ACCESS_TOKEN="", GOCD_USER="vic", GOCD_PASSWORD="vole")

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "app: whether it is paused or locked is not to be seen here"
    assert "build passed, deploy waits for approval" in done.stdout
