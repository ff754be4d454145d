"""One order makes one deployment, whatever gets lost, throttled or killed."""

from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine
from tests.tasks.deployers.codedeploy.deploying import SLOW, deploy, deployments, release, version
from tests.tasks.killing import AT, Moment, killed_at, moments


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_throttled_deployment_completes_and_is_created_once(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path, seed: int
) -> None:
    cloud.faults.throttle(0.4, seed=seed)
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert done.returncode == 0, done.stderr
    assert len(deployments(cloud)) == 1


def test_an_order_whose_answer_was_lost_is_looked_up_before_it_is_sent_again(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    """The deployment is there, and over, while its creator is told that AWS could not say."""

    def wait_for_its_end(call: Call) -> None:
        if call.operation == "CreateDeployment":
            eventually(lambda: len(deployments(cloud, "Succeeded")), 1)

    cloud.faults.lose_answers("CreateDeployment")
    cloud.faults.after_call = wait_for_its_end
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert done.returncode == 0, done.stderr
    assert [call.outcome for call in cloud.journal.of("CreateDeployment")] == ["ServiceUnavailable"]
    assert len(deployments(cloud)) == 1


def test_an_order_whose_answer_tells_no_deployment_is_looked_up_as_one_that_is_lost(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    cloud.faults.spoil("CreateDeployment", lambda body: body.replace(b"deploymentId", b"deploymentXX"))
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert done.returncode == 0, done.stderr
    assert len(deployments(cloud)) == len(cloud.journal.of("CreateDeployment")) == 1


@AT
@pytest.mark.end_to_end
def test_killed_and_run_again_it_converges(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path, every: bool
) -> None:
    cloud.journal.clear()
    slow = {"scripts/validate.sh": SLOW}
    assert gocd_tasks(*deploy(release(tmp_path, "2.0", slow), "2.0")).returncode == 0
    operations = [call.operation for call in cloud.journal.calls]
    created = operations.index("CreateDeployment") + 1
    kills = moments(cloud.journal.calls[: created + 3], every=every)
    assert Moment("CreateDeployment") in kills

    for number, moment in enumerate(kills):
        words = deploy(release(tmp_path, f"2.{number}", slow), f"2.{number}")
        cloud.journal.clear()
        killed_at(cloud, moment, gocd_tasks, *words)

        assert gocd_tasks(*words).returncode == 0
        assert version(one) == f"2.{number}"
        made = [call for call in cloud.journal.of("CreateDeployment") if call.outcome == "ok"]
        assert len(made) == 1, f"killed at {moment}"
