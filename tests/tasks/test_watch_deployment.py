"""Watching CodeDeploy deployments on the stand-in AWS, in place and blue/green, to whatever end they come."""

import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine, Running
from tests.tasks.conftest import Pair
from tests.tasks.deployers.codedeploy.deploying import SLOW, packed

STEPS = [
    "Provisioning replacement instances",
    "Installing application on replacement instances",
    "Rerouting traffic to replacement instances",
    "Terminating original instances",
]
ROLL_BACK = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}


@dataclass(frozen=True)
class Deployments:
    """Starts deployments of the application app, in group fleet or one, and tells of them."""

    cloud: World
    folder: Path

    def begin(self, label: str, *, group: str = "fleet", archive: Path | None = None, **more: Any) -> str:
        body = (archive or build_release(label, self.folder)).read_bytes()
        self.cloud.client("s3").put_object(Bucket="releases", Key=label, Body=body)
        location = {"bucket": "releases", "key": label, "bundleType": "tgz"}
        begun = self.cloud.client("codedeploy").create_deployment(
            applicationName="app",
            deploymentGroupName=group,
            revision={"revisionType": "S3", "s3Location": location},
            fileExistsBehavior="OVERWRITE",
            **more,
        )
        return str(begun["deploymentId"])

    def told(self, deployment_id: str) -> Any:
        found = self.cloud.client("codedeploy").get_deployment(deploymentId=deployment_id)
        return found["deploymentInfo"]

    def configure(self, *, ready: dict[str, Any] | None = None, **after: Any) -> None:
        self.cloud.client("codedeploy").update_deployment_group(
            applicationName="app",
            currentDeploymentGroupName="fleet",
            blueGreenDeploymentConfiguration={
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", **after},
                "deploymentReadyOption": ready or {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                "greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"},
            },
        )


@pytest.fixture
def application(cloud: World, tmp_path: Path) -> Deployments:
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    cloud.client("codedeploy").create_application(applicationName="app")
    return Deployments(cloud, tmp_path)


@pytest.fixture
def fleet(cloud: World, application: Deployments, sample: Service) -> Deployments:
    """An Auto Scaling group behind a load balancer, and a blue/green deployment group for it."""
    balancer = cloud.target_group("web", deregistration_delay=0)
    cloud.auto_scaling_group("web-group", size=1, service=sample, load_balancers=[balancer])
    cloud.client("codedeploy").create_deployment_group(
        applicationName="app",
        deploymentGroupName="fleet",
        deploymentConfigName="CodeDeployDefault.AllAtOnce",
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
        autoScalingGroups=["web-group"],
        loadBalancerInfo={"targetGroupInfoList": [{"name": "web"}]},
        deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    )
    application.configure()
    return application


@pytest.fixture
def one(cloud: World, application: Deployments, pair: Pair) -> Deployments:
    """A group in place, of Staging-1 alone."""
    cloud.client("codedeploy").create_deployment_group(
        applicationName="app",
        deploymentGroupName="one",
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
        ec2TagFilters=[{"Key": "Name", "Value": "Staging-1", "Type": "KEY_AND_VALUE"}],
    )
    return application


def until_said(running: Running, words: str) -> str:
    """Read the output up to a line with *words* in it."""
    said = ""
    for line in running.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"never {words!r}, only {said}")


def steps(out: str, deployment_id: str) -> list[str]:
    return re.findall(rf"^{deployment_id}: ([A-Z].*) (?:succeeded|failed|stopped), \d+ s$", out, re.MULTILINE)


def test_a_blue_green_deployment_is_told_in_the_consoles_four_steps_and_at_once_when_it_is_over(
    gocd_tasks: CommandLine, fleet: Deployments
) -> None:
    deployment_id = fleet.begin("2.0")
    done = gocd_tasks("watch-deployment", deployment_id)
    again = gocd_tasks.installed("watch-deployment", deployment_id)

    assert (done.returncode, done.stderr) == (0, "")
    assert steps(done.stdout, deployment_id) == STEPS
    assert "app to group fleet, blue/green" in done.stdout.splitlines()[0]
    assert re.search(r"replacement i-\w+: ValidateService succeeded", done.stdout)
    assert re.search(r"original i-\w+: BlockTraffic succeeded", done.stdout)
    assert f"{deployment_id} has succeeded, watched for " in done.stdout.splitlines()[-1]
    # What a step is made of is told before its end is.
    lines = done.stdout.splitlines()
    installed = next(i for i, line in enumerate(lines) if f"{STEPS[1]} succeeded" in line)
    assert any("ValidateService succeeded" in line for line in lines[:installed])

    assert again.returncode == 0
    assert steps(again.stdout, deployment_id) == STEPS
    # One look at each thing, and no second one.
    assert again.stdout.rstrip().endswith(" s, 4 AWS calls")


def test_originals_that_stay_have_no_step_of_termination(gocd_tasks: CommandLine, fleet: Deployments) -> None:
    fleet.configure(action="KEEP_ALIVE")
    deployment_id = fleet.begin("2.0")
    done = gocd_tasks("watch-deployment", deployment_id)

    assert done.returncode == 0, done.stderr
    assert steps(done.stdout, deployment_id) == STEPS[:3]


def test_a_failed_hook_is_named_with_its_log_and_a_rollback_saves_nothing(
    gocd_tasks: CommandLine, fleet: Deployments
) -> None:
    failing = "#!/bin/sh\necho looking at the service\nexit 1\n"
    deployment_id = fleet.begin(
        "2.0",
        archive=packed(fleet.folder, "2.0", {"scripts/validate.sh": failing}),
        autoRollbackConfiguration=ROLL_BACK,
    )
    done = gocd_tasks("watch-deployment", deployment_id)
    rollback = fleet.told(deployment_id)["rollbackInfo"]["rollbackDeploymentId"]

    assert done.returncode == 1
    assert f"{deployment_id}: {STEPS[1]} failed, " in done.stdout
    assert re.search(r"replacement i-\w+: \| .*looking at the service", done.stdout)
    assert re.search(
        r"error: \S+ has failed \(replacement i-\w+, ValidateService: .*validate.sh", done.stderr
    )
    assert f"{rollback} has rolled it back, and the release before runs again" in done.stderr
    assert steps(done.stdout, rollback) == []
    assert len(done.stderr.splitlines()) == 1


def test_a_deployment_that_waits_for_the_word_says_until_when(
    cloud: World, gocd_tasks: CommandLine, fleet: Deployments
) -> None:
    fleet.configure(ready={"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60})
    deployment_id = fleet.begin("2.0")
    running = gocd_tasks.start("watch-deployment", deployment_id)
    said = until_said(running, "waits for somebody to let traffic move until")
    command = (
        f"aws deploy continue-deployment --deployment-id {deployment_id} --deployment-wait-type READY_WAIT"
    )
    cloud.client("codedeploy").continue_deployment(
        deploymentId=deployment_id, deploymentWaitType="READY_WAIT"
    )
    rest, err = running.communicate(timeout=60)

    assert running.returncode == 0, err
    assert re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC, and is stopped then", said)
    assert command in said
    assert steps(said + rest, deployment_id) == STEPS


def test_nobody_says_the_word_in_time(gocd_tasks: CommandLine, fleet: Deployments) -> None:
    fleet.configure(ready={"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 1})
    deployment_id = fleet.begin("2.0")
    done = gocd_tasks("watch-deployment", deployment_id)

    assert done.returncode == 1
    assert f"error: {deployment_id} was stopped (" in done.stderr
    assert "traffic was not rerouted in time" in done.stderr
    assert f"{deployment_id}: {STEPS[2]} stopped" in done.stdout


def test_the_wait_before_the_originals_go_is_told(
    cloud: World, gocd_tasks: CommandLine, fleet: Deployments
) -> None:
    fleet.configure(terminationWaitTimeInMinutes=60)
    deployment_id = fleet.begin("2.0")
    running = gocd_tasks.start("watch-deployment", deployment_id)
    said = until_said(running, "keeps the original instances until ")
    cloud.client("codedeploy").continue_deployment(
        deploymentId=deployment_id, deploymentWaitType="TERMINATION_WAIT"
    )
    rest, err = running.communicate(timeout=60)

    assert running.returncode == 0, err
    assert "--deployment-wait-type TERMINATION_WAIT" in said
    assert steps(said + rest, deployment_id) == STEPS


@pytest.mark.parametrize("stop", [False, True])
def test_a_cancelled_watch_leaves_the_deployment_alone_unless_told_to_stop_it(
    gocd_tasks: CommandLine, fleet: Deployments, stop: bool
) -> None:
    slow = packed(fleet.folder, "2.0", {"scripts/validate.sh": SLOW})
    deployment_id = fleet.begin("2.0", archive=slow)
    more = ("--stop-on-cancel",) if stop else ()
    running = gocd_tasks.start("watch-deployment", deployment_id, *more)
    until_said(running, "ApplicationStart succeeded")
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)

    assert running.returncode == 143
    if stop:
        assert err.startswith(f"error: cancelled; {deployment_id} is being stopped and rolled back")
    else:
        assert err.startswith(
            f"error: cancelled; {deployment_id} goes on in CodeDeploy. Watch it: gocd-tasks "
        )
        assert f"gocd-tasks watch-deployment {deployment_id}; stop it: aws deploy stop-deployment" in err
    wanted = "Stopped" if stop else "Succeeded"
    eventually(lambda: fleet.told(deployment_id)["status"], wanted, patience=60)
    assert ("rollbackInfo" in fleet.told(deployment_id)) is stop


def test_a_deployment_that_hangs_is_said_to_hang_in_what(gocd_tasks: CommandLine, fleet: Deployments) -> None:
    hanging = packed(fleet.folder, "2.0", {"scripts/validate.sh": "#!/bin/sh\nsleep 60\n"})
    deployment_id = fleet.begin("2.0", archive=hanging)
    watching = gocd_tasks.start("watch-deployment", deployment_id)
    until_said(watching, "(ValidateService)")
    watching.kill()
    watching.communicate()
    done = gocd_tasks("watch-deployment", deployment_id, "--timeout", "1")

    assert done.returncode == 3
    assert f"error: {deployment_id}: step 2 of 4, {STEPS[1]}, 85 % (ValidateService) after 1 s" in done.stderr
    assert f"{deployment_id} goes on in CodeDeploy" in done.stderr


@pytest.mark.parametrize("name", ["d-ABCDEFGHI", "nonsense"])
def test_an_id_that_nobody_knows_is_refused(gocd_tasks: CommandLine, cloud: World, name: str) -> None:
    done = gocd_tasks("watch-deployment", name)

    assert done.returncode == 2
    assert f"error: CodeDeploy knows no deployment '{name}' in eu-west-1; nothing was changed" in done.stderr


def test_a_deployment_in_place_is_watched_too(gocd_tasks: CommandLine, one: Deployments, pair: Pair) -> None:
    done = gocd_tasks("watch-deployment", one.begin("2.0", group="one"))

    assert done.returncode == 0, done.stderr
    assert f"{pair.one.id}: ValidateService succeeded" in done.stdout
    assert "in place" in done.stdout.splitlines()[0]
    assert "Provisioning" not in done.stdout


def test_one_that_somebody_stops_has_failed(cloud: World, gocd_tasks: CommandLine, one: Deployments) -> None:
    slow = packed(one.folder, "2.0", {"scripts/switch.sh": SLOW})
    deployment_id = one.begin("2.0", group="one", archive=slow)
    running = gocd_tasks.start("watch-deployment", deployment_id)
    until_said(running, "DownloadBundle succeeded")
    cloud.client("codedeploy").stop_deployment(deploymentId=deployment_id)
    _, err = running.communicate(timeout=60)

    assert running.returncode == 1
    assert err.startswith(
        f"error: {deployment_id} was stopped (The deployment was stopped); it was not rolled"
    )


@pytest.mark.parametrize("action", ["codedeploy:GetDeployment", "codedeploy:ListDeploymentTargets"])
def test_a_missing_permission_is_named(
    cloud: World, gocd_tasks: CommandLine, one: Deployments, action: str
) -> None:
    deployment_id = one.begin("2.0", group="one")
    eventually(lambda: one.told(deployment_id)["status"] != "Created", True)
    cloud.faults.deny(action)
    done = gocd_tasks("watch-deployment", deployment_id)

    assert done.returncode in (1, 2)
    assert f"AWS refused {action} " in done.stderr
    assert "gocd-tasks iam-policy watch-deployment" in done.stderr
