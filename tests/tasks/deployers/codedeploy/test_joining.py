"""Deployments that are under way already: joined, waited for, or stopped."""

import signal
import tarfile
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.instances import find_instance
from tasks.deployers.codedeploy import CodeDeployDeployer
from tasks.deployers.deployer import Settings
from tasks.deployers.release import Release
from tasks.running.errors import TimedOut
from tasks.running.waiting import Wait
from tests.fakes import Stage
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine, ShortSleeps
from tests.tasks.conftest import Pair
from tests.tasks.deployers.codedeploy.deploying import (
    GROUP,
    SLOW,
    begin,
    deploy,
    deployments,
    release,
    rolls_back_on,
    version,
)


def test_a_run_that_was_killed_is_joined_by_the_next(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    words = deploy(release(tmp_path, "2.0", {"scripts/validate.sh": SLOW}), "2.0")
    running = gocd_tasks.start(*words)
    eventually(lambda: len(deployments(cloud, "InProgress")), 1)
    running.kill()
    running.communicate()
    again = gocd_tasks(*words)

    assert again.returncode == 0, again.stderr
    assert "deploys 2.0 already; joining it" in again.stdout
    assert len(deployments(cloud)) == 1
    assert version(one) == "2.0"


@pytest.mark.parametrize("description", ["by hand", "gocd-tasks 2.0 0123456789abcdef run of another build"])
def test_another_releases_deployment_is_waited_for(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path, description: str
) -> None:
    theirs = tmp_path / "theirs.tgz"
    made = release(tmp_path, "1.9", {"scripts/validate.sh": SLOW})
    with tarfile.open(theirs, "w:gz") as archive:
        archive.add(made, ".")
    other = begin(cloud, theirs, description)
    done = gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0"))

    assert done.returncode == 0, done.stderr
    assert f"group {GROUP} is taken by another release: {other} is" in done.stdout
    assert [each["status"] for each in deployments(cloud)] == ["Succeeded", "Succeeded"]
    assert version(one) == "2.0"


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (True, "group app-Staging-1 is taken by another release: d-"),
        (False, "goes on in CodeDeploy, and the same command joins it"),
    ],
)
def test_no_deployment_is_waited_for_forever(
    cloud: World, aws: Aws, pair: Pair, one: str, tmp_path: Path, theirs: bool, said: str
) -> None:
    archive = build_release("2.0", tmp_path)
    pair.one.agent_online = False
    if theirs:
        begin(cloud, archive, "by hand")
    stage = Stage()
    deployer = CodeDeployDeployer(aws, GROUP, Settings("releases", None, None, 5, 3, []))
    with pytest.raises(TimedOut) as late:
        deployer.deploy(
            Release("app", "2.0", str(archive)),
            find_instance(aws, "Staging-1"),
            Wait(ShortSleeps(), stage.log),
        )

    assert said in late.value.what
    assert len(deployments(cloud)) == 1


@pytest.mark.parametrize("rollback", [False, True])
def test_a_cancelled_deployment_is_stopped_and_rolled_back_only_as_set(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path, rollback: bool
) -> None:
    assert gocd_tasks(*deploy(str(build_release("2.0", tmp_path)), "2.0")).returncode == 0
    if rollback:
        rolls_back_on(cloud, "DEPLOYMENT_STOP_ON_REQUEST")
    slow = release(tmp_path, "3.0", {"scripts/switch.sh": SLOW})
    running = gocd_tasks.start(*deploy(slow, "3.0"))
    eventually(lambda: len(deployments(cloud, "InProgress")), 1)
    [deployment] = deployments(cloud, "InProgress")
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)

    assert running.returncode == 143
    assert f"Staging-1: {deployment['deploymentId']} " in out
    assert "stopped" in out
    assert "error: cancelled; " in err
    eventually(lambda: len(deployments(cloud, "Created", "InProgress")), 0)
    client = cloud.client("codedeploy")
    stopped = client.get_deployment(deploymentId=deployment["deploymentId"])["deploymentInfo"]
    assert stopped["status"] == "Stopped"
    assert bool(stopped.get("rollbackInfo")) is rollback
    assert [call.parameters["autoRollbackEnabled"] for call in cloud.journal.of("StopDeployment")] == [
        rollback
    ]


def test_what_a_cancelled_run_has_not_quite_stopped_yet_is_deployed_anew(
    cloud: World, gocd_tasks: CommandLine, one: str, tmp_path: Path
) -> None:
    words = deploy(
        release(
            tmp_path, "2.0", {"scripts/switch.sh": f"{SLOW}ln -sfn releases/2.0 $DESTDIR/srv/app/current"}
        ),
        "2.0",
    )
    running = gocd_tasks.start(*words)
    for line in running.stdout:
        if "Install succeeded" in line:
            break
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    done = gocd_tasks(*words)

    assert done.returncode == 0, done.stderr
    assert [each["status"] for each in deployments(cloud)] == ["Succeeded", "Stopped"]
    assert version(one) == "2.0"
