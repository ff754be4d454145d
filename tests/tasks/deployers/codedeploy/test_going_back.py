"""Going back through CodeDeploy: by itself, by hand, or by CodeDeploy's own rollback."""

from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.deployers.codedeploy.deploying import CHECK, VIA, deploy, deployments, rolls_back_on, version


@pytest.mark.parametrize(
    ("broken", "said"), [("answers-500", "answers 500, not 200"), ("wrong-version", "not 3.0")]
)
def test_a_release_that_answers_badly_goes_although_codedeploy_is_content(
    gocd_tasks: CommandLine, one: str, tmp_path: Path, broken: str, said: str
) -> None:
    assert gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0")).returncode == 0
    bad = str(build_release("3.0", tmp_path, broken=broken))
    done = gocd_tasks(*deploy(bad, "3.0", "--status-timeout", "2"))

    assert done.returncode == 1
    assert "Staging-1: ValidateService succeeded" in done.stdout
    assert said in done.stderr
    assert "; 2.0 is running again. Run again: gocd-tasks deploy-artifact" in done.stderr
    assert version(one) == "2.0"


def test_the_first_release_that_codedeploy_places_has_nothing_to_go_back_to(
    gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    bad = str(build_release("3.0", tmp_path, broken="wrong-version"))
    done = gocd_tasks(*deploy(bad, "3.0", "--status-timeout", "2"))

    assert done.returncode == 1
    assert "CodeDeploy has placed no earlier release on Staging-1" in done.stderr
    assert version(one) == "0.0"


def test_a_release_that_codedeploy_placed_and_that_never_answered_is_passed_over(
    gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    assert gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0")).returncode == 0
    bad = str(build_release("3.0", tmp_path, broken="wrong-version"))
    assert gocd_tasks(*deploy(bad, "3.0", "--status-timeout", "1", "--no-rollback")).returncode == 1
    assert gocd_tasks(*deploy(str(build_release("4.0", tmp_path)), "4.0")).returncode == 0
    done = gocd_tasks("deploy-artifact", "Staging-1", "--rollback", *VIA[:4], *CHECK)

    assert done.returncode == 0, done.stderr
    assert version(one) == "2.0"


@pytest.mark.exhaustive
def test_going_back_by_hand_goes_one_release_further_each_time_or_to_the_one_named(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    for label in ("2.0", "3.0", "4.0"):
        assert gocd_tasks(*deploy(str(build_release(label, tmp_path)), label)).returncode == 0
    back = ("deploy-artifact", "Staging-1", "--rollback", *VIA[:4], *CHECK)
    ran = []
    for more in ((), (), ("--version", "4.0"), ("--version", "4.0")):
        done = gocd_tasks(*back, *more)
        assert done.returncode == 0, done.stderr
        ran.append(version(one))
    never = gocd_tasks(*back, "--version", "1.0")

    assert ran == ["3.0", "2.0", "4.0", "4.0"]
    assert len(deployments(cloud)) == 6
    assert never.returncode == 2
    assert "CodeDeploy has never placed 1.0 on Staging-1" in never.stderr


def test_a_rollback_is_followed_and_the_command_fails_all_the_same(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    rolls_back_on(cloud, "DEPLOYMENT_FAILURE")
    first = gocd_tasks(*deploy(str(build_release("2.0", tmp_path, broken="starts-not")), "2.0"))
    assert gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0")).returncode == 0
    done = gocd_tasks(*deploy(str(build_release("3.0", tmp_path, broken="starts-not")), "3.0"))
    rollback, failed = deployments(cloud)[:2]

    assert "it was not rolled back (There is no successful deployment to roll back to)" in first.stderr
    assert done.returncode == 1
    assert f"{failed['deploymentId']}: {rollback['deploymentId']} rolls it back" in done.stdout
    assert f"{rollback['deploymentId']} has rolled it back, and the release before runs again" in done.stderr
    assert version(one) == "2.0"
