"""``gocd-tasks lock`` and the locks of other commands, as people and stages meet them."""

import json
import signal
import time
from pathlib import Path

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine, Running
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.killing import killed_at, moments
from tests.tasks.locking.test_owner import HERE, VARIABLES
from tests.tasks.test_cli import changes, one_error

NAME = "target-group:staging"
ANOTHER_RUN = {**VARIABLES, "GO_PIPELINE_COUNTER": "13"}
ATTACH = ("attach-instance", "Staging-1", "--load-balancer", "staging")
DETACH = ("detach-instance", "Staging-1", "--load-balancer", "staging")


def status(gocd_tasks: CommandLine) -> str:
    done = gocd_tasks("lock", "status", NAME)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_run_takes_a_lock_keeps_it_and_gives_it_up(gocd_tasks: CommandLine) -> None:
    assert gocd_tasks("lock", "status").stdout == "no lock was ever taken here\n"
    assert status(gocd_tasks) == f"{NAME}: free\n"

    taken = gocd_tasks.installed("lock", "acquire", NAME, "--for", "600", **VARIABLES)
    assert taken.returncode == 0
    assert taken.stdout.startswith(f"{NAME}: locked by staging/12 for its whole run, until 20")
    again = gocd_tasks("lock", "acquire", NAME, **{**VARIABLES, "GO_STAGE_COUNTER": "3"})
    assert again.returncode == 0
    assert again.stdout.startswith(f"{NAME}: already locked by staging/12 for its whole run, until 20")
    assert gocd_tasks("lock", "acquire", "a lock of ours", **VARIABLES).returncode == 0
    listed = gocd_tasks("lock", "status").stdout.splitlines()
    assert listed[0].startswith("a lock of ours: locked by staging/12 for its whole run, since 20")
    assert listed[1].startswith(f"{NAME}: locked by staging/12 for its whole run, since 20")
    assert "(your own)" not in listed[1]
    assert "(your own)" in gocd_tasks("lock", "status", NAME, **VARIABLES).stdout

    refused = gocd_tasks("lock", "acquire", NAME, **ANOTHER_RUN)
    assert refused.returncode == 2
    assert one_error(refused).startswith(f"error: {NAME} is locked by staging/12 for its whole run, for ")
    not_ours = gocd_tasks("lock", "release", NAME, **ANOTHER_RUN)
    assert not_ours.returncode == 2
    assert f"gocd-tasks lock release {NAME} --force" in one_error(not_ours)

    assert gocd_tasks("lock", "release", NAME, **VARIABLES).stdout == f"{NAME}: released\n"
    free = gocd_tasks("lock", "release", NAME, **VARIABLES)
    assert (free.returncode, free.stdout) == (0, f"{NAME}: is free; nothing to do\n")


def test_anybody_may_release_by_force_and_is_told_whose_it_was(gocd_tasks: CommandLine) -> None:
    assert gocd_tasks("lock", "acquire", NAME, **VARIABLES).returncode == 0
    done = gocd_tasks("lock", "release", NAME, "--force")

    assert done.returncode == 0
    assert done.stdout.startswith(f"{NAME}: released; it was held by staging/12 for its whole run, for ")
    assert status(gocd_tasks) == f"{NAME}: free\n"


def test_a_name_that_no_command_would_lock_is_pointed_out(gocd_tasks: CommandLine) -> None:
    done = gocd_tasks("lock", "acquire", "staging")

    assert done.stdout.startswith("staging is nobody's address: only commands with --lock staging heed it\n")
    assert f"staging: locked by {HERE.user}@{HERE.host}, by hand, until" in done.stdout


def test_a_name_that_is_no_lock_is_not_called_free_while_another_one_is_held(gocd_tasks: CommandLine) -> None:
    assert gocd_tasks("lock", "acquire", NAME, **VARIABLES).returncode == 0
    meant = f"Did you mean {NAME}? gocd-tasks lock release {NAME}"
    for typed in ("staging", "classic:staging", "target-group:stagign", "stagin", "production"):
        done = gocd_tasks("lock", "release", typed, **VARIABLES)
        assert (done.returncode, done.stdout) == (2, "")
        error = one_error(done)
        assert error.startswith(
            f"error: no lock was ever called {typed}; locked: {NAME} (by staging/12 for its whole run, for "
        )
        assert error.endswith(f"; nothing was changed. {'Name one of these' if 'prod' in typed else meant}")

    looked = gocd_tasks("lock", "status", "staging")
    assert looked.returncode == 0
    assert looked.stdout.startswith(f"staging: free, as nobody ever took it; locked: {NAME} (by staging/12 ")
    assert looked.stdout.endswith(f"). Did you mean {NAME}?\n")


def test_a_lock_that_was_never_taken_is_free_for_its_own_run(gocd_tasks: CommandLine) -> None:
    assert gocd_tasks("lock", "acquire", "target-group:another", **ANOTHER_RUN).returncode == 0
    done = gocd_tasks("lock", "release", NAME, **VARIABLES)

    assert (done.returncode, done.stdout) == (0, f"{NAME}: is free; nothing to do\n")
    assert gocd_tasks("lock", "release", "target-group:another", **ANOTHER_RUN).returncode == 0
    assert gocd_tasks("lock", "release", "one of ours").returncode == 0


def test_a_usage_error_is_one_line(gocd_tasks: CommandLine) -> None:
    for words in (("lock",), ("lock", "release"), ("lock", "acquire", ""), ("lock", "steal", NAME)):
        done = gocd_tasks(*words)
        assert done.returncode == 2
        assert "nothing was changed" in one_error(done)


def test_without_permission_nothing_is_changed_and_the_ways_on_are_told(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer
) -> None:
    behind("application")
    cloud.faults.deny("ssm:*")
    done = gocd_tasks(*DETACH)

    assert done.returncode == 2
    line = one_error(done)
    assert "AWS refused ssm:GetParameter on target-group:staging" in line
    assert "--lock none does without; nothing was changed" in line
    assert line.endswith("gocd-tasks iam-policy detach-instance")
    assert changes(cloud) == []
    assert gocd_tasks(*ATTACH, "--lock", "none").returncode == 0


def test_a_person_is_kept_out_while_a_run_holds_the_lock_and_the_run_is_not(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, tmp_path: Path
) -> None:
    made = behind("application")
    assert gocd_tasks("lock", "acquire", NAME, **VARIABLES).returncode == 0
    for words in (DETACH, ATTACH):
        done = gocd_tasks(*words)
        assert done.returncode == 2
        line = one_error(done)
        assert line.startswith(f"error: {NAME} is locked by staging/12 for its whole run, for ")
        assert f"gocd-tasks lock release {NAME} --force. --lock none does without" in line
    looked = gocd_tasks(*DETACH, "--dry-run")
    assert looked.returncode == 0
    assert f"{NAME} is locked by staging/12 for its whole run" in looked.stdout
    assert "Staging-1: would leave staging" in looked.stdout
    assert changes(cloud) == []
    assert cloud.serving(made) == {pair.one.id, pair.two.id}

    done = gocd_tasks(*DETACH, **VARIABLES)
    assert done.returncode == 0, done.stderr
    assert f"{NAME}: held by this pipeline run" in done.stdout
    assert "for its whole run" in status(gocd_tasks)
    deploy = (
        "deploy-artifact",
        "Staging-1",
        str(tmp_path),
        "--version",
        "2",
        "--via",
        "command",
        "--",
        "true",
    )
    refused = gocd_tasks(*deploy)
    assert refused.returncode == 2
    assert f"{NAME} is locked by staging/12 for its whole run" in one_error(refused)
    assert gocd_tasks(*deploy, GOCD_TASKS_LOCK="none").returncode == 0


def test_an_instance_out_of_nothing_is_locked_itself(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, tmp_path: Path
) -> None:
    deploy = (
        "deploy-artifact",
        "Staging-1",
        str(tmp_path),
        "--version",
        "2",
        "--via",
        "command",
        "--",
        "true",
    )
    done = gocd_tasks(*deploy, **VARIABLES)
    assert done.returncode == 0, done.stderr

    assert gocd_tasks("lock", "status").stdout == f"instance:{pair.one.id}: free\n"


def test_of_two_pipelines_at_once_one_works_and_the_other_waits_or_is_told(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application", drain=40)
    first = gocd_tasks.start(*DETACH, **VARIABLES)
    eventually(lambda: "DeregisterTargets" in changes(cloud), True)
    second = ("detach-instance", "Staging-2", "--load-balancer", "staging", "--min-healthy", "0")

    refused = gocd_tasks(*second, **ANOTHER_RUN)
    assert refused.returncode == 2
    line = one_error(refused)
    assert line.startswith(
        f"error: {NAME} is locked by staging/12, stage Staging-2/2 on {HERE.host}, detach-instance"
    )
    assert line.endswith(f"nothing was changed. Wait for it, or: gocd-tasks lock status {NAME}")
    assert f"{NAME}: locked by staging/12, stage Staging-2/2 on {HERE.host}, detach-instance" in status(
        gocd_tasks
    )

    waited = gocd_tasks(*second, "--lock-wait", "600", **ANOTHER_RUN)
    assert first.wait(timeout=60) == 0
    assert waited.returncode == 0, waited.stderr
    assert f"{NAME}: waiting for staging/12, stage Staging-2/2" in waited.stdout
    # What it had read before the wait, it read once more after it.
    assert waited.stdout.count("Staging-2 is i-") == 2
    assert cloud.serving(made) == set()
    assert status(gocd_tasks) == f"{NAME}: free\n"


@pytest.mark.parametrize("operation", ["GetParameter", "PutParameter"])
def test_a_cancelled_acquire_leaves_nothing_behind(
    cloud: World, gocd_tasks: CommandLine, operation: str
) -> None:
    running: list[Running] = []
    seen: list[Call] = []

    def cancel(call: Call) -> None:
        if call.operation == operation and not seen:
            seen.append(call)
            running[0].send_signal(signal.SIGTERM)

    cloud.faults.after_call = cancel
    running.append(gocd_tasks.start("lock", "acquire", NAME, **VARIABLES))
    _, error = running[0].communicate(timeout=60)

    assert (running[0].returncode, error) == (143, "error: cancelled; nothing was changed\n")
    assert status(gocd_tasks) == f"{NAME}: free\n"


def test_a_cancel_gives_the_lock_up(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application", drain=300)
    running = gocd_tasks.start(*DETACH)
    eventually(lambda: "DeregisterTargets" in changes(cloud), True)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)

    assert running.returncode == 143
    assert status(gocd_tasks) == f"{NAME}: free\n"


def test_a_process_that_is_only_stopped_is_not_taken_for_one_that_ended(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    running: list[Running] = []
    stopped: list[Call] = []

    def stop(call: Call) -> None:
        if call.operation == "PutParameter" and not stopped:
            running[0].send_signal(signal.SIGSTOP)
            stopped.append(call)

    cloud.faults.after_call = stop
    running.append(gocd_tasks.start(*ATTACH, **VARIABLES))
    eventually(lambda: len(stopped), 1)

    assert gocd_tasks(*DETACH, **ANOTHER_RUN).returncode == 2
    running[0].send_signal(signal.SIGCONT)
    running[0].communicate(timeout=60)
    assert running[0].returncode == 0
    assert status(gocd_tasks) == f"{NAME}: free\n"


def test_killed_at_any_call_of_the_lock_the_next_command_takes_it_over_at_once(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("application")
    assert gocd_tasks(*ATTACH).returncode == 0
    cloud.journal.clear()
    assert gocd_tasks(*ATTACH).returncode == 0
    kills = moments((call for call in cloud.journal.calls if call.service == "ssm"), every=True)
    assert len(kills) == 3

    for moment in kills:
        killed_at(cloud, moment, gocd_tasks, *ATTACH)
        held = moment == kills[1]
        if held:
            assert f"{NAME}: free, as the process of {HERE.user}@{HERE.host}, process" in status(gocd_tasks)
        start = time.monotonic()
        again = gocd_tasks(*ATTACH)

        assert again.returncode == 0, again.stderr
        assert ("is gone" in again.stdout) == held
        assert time.monotonic() - start < 30
        assert status(gocd_tasks) == f"{NAME}: free\n"


def test_what_happened_is_in_the_event_file(gocd_tasks: CommandLine, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    for word in ("acquire", "release"):
        assert gocd_tasks("lock", word, NAME, "--events", str(events), **VARIABLES).returncode == 0

    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert [each["state"] for each in told] == ["started", "locked", "ended", "started", "released", "ended"]
    assert told[1]["lock"] == NAME


@pytest.mark.parametrize("word", ["acquire", "status", "release"])
def test_aws_that_cannot_be_reached_is_one_line(gocd_tasks: CommandLine, word: str) -> None:
    done = gocd_tasks("lock", word, NAME, AWS_ENDPOINT_URL="http://127.0.0.1:1")

    assert done.returncode == 1
    assert "AWS cannot be reached for ssm:GetParameter" in one_error(done)


def test_a_lock_that_cannot_be_read_keeps_all_out_in_words_until_it_is_released_by_force(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    behind("target-group")
    value = json.dumps({"base": 0, "state": "held", "host": 7, "lasts": "for ever"})
    cloud.client("ssm").put_parameter(
        Name="/gocd-tasks/lock/target-group.staging", Value=value, Type="String"
    )

    assert "locked by somebody, as it cannot be read here (it lasts 'for ever')" in status(gocd_tasks)
    kept_out = gocd_tasks(*DETACH)
    assert kept_out.returncode == 2
    assert f"or release it: gocd-tasks lock release {NAME} --force" in one_error(kept_out)
    assert not changes(cloud)
    assert gocd_tasks("lock", "release", NAME, "--force").returncode == 0
    assert gocd_tasks("lock", "acquire", NAME).returncode == 0
