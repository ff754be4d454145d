"""HERD's function is run once for an upgrade, whatever becomes of the run, the answer, or the function."""

import re
import threading
from typing import Any

import pytest

from gocd.rehearsal.sample.herd.stack import Herd
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.services.functions.functions import Context
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine
from tests.tasks.killing import Moment, killed_at, moments
from tests.tasks.test_watch_deployment import until_said
from tests.tasks.upgrade_herd.upgrading import FUNCTION, deployments, held, invoke, invoked, upgrade

FATAL = (
    "ERROR: FATAL: Required parameter: 'RequestedVersion' not found - lambda function will not be executed."
)


def test_a_function_that_starts_nothing_has_failed_whether_it_fails_or_answers_200(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    def start_nothing(event: Any, context: Context) -> None:
        if event["RequestedVersion"] == "0.84.0":
            context.log(FATAL)
            return
        context.log("INFO: Current deployment-type: 'BLUE_GREEN'")
        raise KeyError("RequestedVersion")

    cloud.lambda_function(FUNCTION, start_nothing)
    # Beside each other, because each looks for its deployment for ten seconds.
    running = [gocd_tasks.start(*upgrade(herd, version)) for version in ("0.84.0", "0.85.0")]
    [(told, idle), (traced, failed)] = [each.communicate(timeout=60) for each in running]

    assert [each.returncode for each in running] == [1, 1]
    assert f"error: {FUNCTION} answered null and started no deployment; HERD was left as it is" in idle
    assert f"function: | {FATAL}" in told
    assert "failed and started no deployment (KeyError: 'RequestedVersion'); HERD was left" in failed
    assert "function: | INFO: Current deployment-type: 'BLUE_GREEN'" in traced
    assert "function: | [ERROR] KeyError" in traced
    assert len(idle.splitlines()) == len(failed.splitlines()) == 1
    assert deployments(herd) == []
    assert sorted(invoked(cloud)) == ["0.84.0", "0.85.0"]


def test_a_function_that_fails_after_its_work_has_done_its_work(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    def fail_late(event: Any, context: Context) -> None:
        herd.function(event, context)
        raise RuntimeError("no permission to write MostRecentDeploymentId")

    cloud.lambda_function(FUNCTION, fail_late)
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 0, done.stderr
    assert f"{FUNCTION}: failed (RuntimeError: no permission" in done.stdout
    assert "was started all the same" in done.stdout
    assert len(deployments(herd)) == len(cloud.invocations) == 1


def test_a_run_that_was_killed_is_joined_by_the_next(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    """The first one dies when the function has run and its answer is still on the way."""
    killed_at(cloud, Moment("Invoke"), gocd_tasks, *upgrade(herd))
    again = gocd_tasks(*upgrade(herd))
    [deployment] = deployments(herd)

    assert again.returncode == 0, again.stderr
    joined = f"{deployment['deploymentId']}: upgrades HERD to 0.84.0 already; joining it"
    assert again.stdout.splitlines()[0] == joined
    assert invoked(cloud) == ["0.84.0"]


@pytest.mark.exhaustive
def test_a_function_that_still_runs_for_a_dead_run_is_waited_for(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    invoke(herd, "0.83.1")
    eventually(lambda: len(deployments(herd, "Succeeded")), 1, patience=60)
    go = threading.Event()
    cloud.lambda_function(FUNCTION, held(herd, go, before=True))
    first = gocd_tasks.start(*upgrade(herd))
    eventually(lambda: herd.parameter("RequestedVersion"), "0.84.0")
    first.kill()
    first.communicate()
    again = gocd_tasks.start(*upgrade(herd))
    said = until_said(again, "and its deployment has not begun")
    go.set()
    rest, err = again.communicate(timeout=60)

    assert again.returncode == 0, err
    assert re.fullmatch(r"0.84.0 was asked for \d s ago, and its deployment has not begun, .*\n", said)
    assert "upgrades HERD to 0.84.0 already; joining it" in rest
    assert invoked(cloud) == ["0.83.1", "0.84.0"]


@pytest.mark.exhaustive
def test_the_loser_of_a_race_joins_the_winner(cloud: World, gocd_tasks: CommandLine, herd: Herd) -> None:
    """Two runs ask at the same moment; the function of the second one is refused by CodeDeploy."""

    def overtake(call: Call) -> None:
        if call.operation == "Invoke":
            cloud.faults.before_call = None
            invoke(herd, "0.84.0")

    cloud.faults.before_call = overtake
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 0, done.stderr
    assert "DeploymentLimitExceeded" in done.stdout
    assert "was started all the same" in done.stdout
    assert len(deployments(herd)) == 1


def test_an_answer_that_is_lost_is_looked_up_and_the_function_is_not_run_again(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    cloud.faults.lose_answers("Invoke")
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 0, done.stderr
    assert f"{FUNCTION}: no answer (" in done.stdout
    assert invoked(cloud) == ["0.84.0"]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.exhaustive)])
@pytest.mark.exhaustive
def test_a_throttled_upgrade_completes_and_is_invoked_once(
    cloud: World, gocd_tasks: CommandLine, herd: Herd, seed: int
) -> None:
    cloud.faults.throttle(0.4, seed=seed)
    done = gocd_tasks(*upgrade(herd))

    assert done.returncode == 0, done.stderr
    assert invoked(cloud) == ["0.84.0"]


@pytest.mark.exhaustive
@pytest.mark.end_to_end
def test_killed_at_any_call_and_run_again_it_converges_on_one_deployment(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    cloud.journal.clear()
    assert gocd_tasks(*upgrade(herd)).returncode == 0
    operations = [call.operation for call in cloud.journal.calls]
    last = operations.index("Invoke") + 4

    for number, moment in enumerate(moments(cloud.journal.calls[:last], every=True)):
        version = f"0.84.{number}"
        killed_at(cloud, moment, gocd_tasks, *upgrade(herd, version))
        again = gocd_tasks(*upgrade(herd, version))

        assert again.returncode == 0, f"{moment}: {again.stderr}"
        assert herd.parameter("CurrentVersion") == version
        assert invoked(cloud).count(version) == 1, f"killed at {moment}"
