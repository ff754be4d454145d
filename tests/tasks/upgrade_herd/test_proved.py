"""HERD upgraded on the stand-in AWS by MDL's own order of things: its function, CodeDeploy, its scripts."""

import re
import signal

import pytest

from gocd.rehearsal.sample.herd.stack import Herd, build_herd
from gocd.rehearsal.standin_aws.world import World
from tasks.iam_policy import iam_policy
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine
from tests.tasks.test_watch_deployment import STEPS, steps, until_said
from tests.tasks.upgrade_herd.upgrading import FUNCTION, deployments, invoke, invoked, upgrade

OF_HERDS_OWN_SCRIPTS = {"elasticloadbalancing:RegisterTargets", "ssm:GetParameter", "ssm:PutParameter"}


def test_herd_is_upgraded_and_proves_its_version(cloud: World, gocd_tasks: CommandLine, herd: Herd) -> None:
    cloud.journal.clear()
    done = gocd_tasks(*upgrade(herd))
    used = {call.action for call in cloud.journal.calls}
    again = gocd_tasks(*upgrade(herd))
    [deployment] = deployments(herd)
    deployment_id = deployment["deploymentId"]
    lines = done.stdout.splitlines()

    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == "HERD: answers 0.83.0 now"
    assert lines[1] == f"{FUNCTION}: invoking it, RequestedVersion 0.84.0"
    assert f"{deployment_id}: upgrades HERD to 0.84.0" in lines
    assert steps(done.stdout, deployment_id) == STEPS
    assert re.search(r"replacement i-\w+: ValidateService succeeded", done.stdout)
    assert re.match(r"HERD: answers 0.84.0, built \d{8}_\d{6}, after \d s; \d+ AWS calls", lines[-1])
    assert invoked(cloud) == ["0.84.0"]
    policy = {action for part in iam_policy(["upgrade-herd"])["Statement"] for action in part["Action"]}
    assert used - OF_HERDS_OWN_SCRIPTS <= policy
    assert policy - used == {"codedeploy:BatchGetDeployments", "codedeploy:StopDeployment"}

    assert (again.returncode, again.stdout) == (0, "HERD: answers 0.84.0 already; nothing to do\n")
    assert invoked(cloud) == ["0.84.0"]


@pytest.mark.exhaustive
def test_a_version_that_fails_its_smoke_test_is_rolled_back_and_its_request_is_pointed_out(
    cloud: World, gocd_tasks: CommandLine
) -> None:
    herd = build_herd(cloud, broken="no-namespaces", deregistration_delay=8)
    running = gocd_tasks.start(*upgrade(herd))
    said = until_said(running, "rolls it back")
    meanwhile = gocd_tasks(*upgrade(herd))
    rest, err = running.communicate(timeout=60)
    rollback, failed = (each["deploymentId"] for each in deployments(herd))

    assert meanwhile.returncode == 2
    assert f"error: {rollback} is rolling back {failed}; nothing was changed" in meanwhile.stderr
    assert running.returncode == 1
    assert f"{failed}: {STEPS[1]} failed" in said
    assert "| [stderr]HERD has 0 namespaces, and should have 2" in said
    assert "smokeTestHerd.sh" in err
    assert f"{rollback} has rolled it back" in err
    warning = "HERD: /app/MDL/mdl140/dev/HERD/RequestedVersion is still 0.84.0; an instance that Auto Scaling"
    assert warning in rest
    assert len(err.splitlines()) == 1


@pytest.mark.exhaustive
def test_a_deployment_that_is_known_is_watched_and_nothing_is_invoked(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    invoke(herd, "0.84.0")
    [deployment] = deployments(herd)
    more = ("--deployment-id", deployment["deploymentId"])
    other = gocd_tasks(*upgrade(herd, "0.84.0", *more, "--mdl-instance", "mdl9"))
    done = gocd_tasks(*upgrade(herd, "0.84.0", *more))

    assert other.returncode == 2
    assert "is a deployment of mdl140-Herd, group mdl140-HerdDeployGroup, not of mdl9-Herd" in other.stderr
    assert done.returncode == 0, done.stderr
    assert steps(done.stdout, deployment["deploymentId"]) == STEPS
    assert invoked(cloud) == ["0.84.0"]


def test_a_deployment_that_brings_another_version_is_no_success(
    cloud: World, gocd_tasks: CommandLine, herd: Herd
) -> None:
    invoke(herd, "0.84.1")
    [deployment] = deployments(herd)
    eventually(lambda: deployments(herd)[0]["status"], "Succeeded", patience=60)
    more = ("--deployment-id", deployment["deploymentId"], "--timeout", "1")
    running = gocd_tasks.start(*upgrade(herd, "0.84.0", *more))
    said = until_said(running, "HERD: still answers 0.84.1, not 0.84.0")
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)

    assert "has succeeded, watched for" in said
    assert f"cancelled; {deployment['deploymentId']} has succeeded. Look at what HERD answers" in err
