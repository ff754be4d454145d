"""A cancelled upgrade of HERD: it goes on in AWS, in words, or is stopped if that was asked for."""

import signal
import threading

import pytest

from gocd.rehearsal.sample.herd.stack import Herd
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine
from tests.tasks.test_watch_deployment import until_said
from tests.tasks.upgrade_herd.upgrading import FUNCTION, deployments, held, upgrade


@pytest.mark.parametrize("stop", [False, True])
def test_a_cancelled_upgrade_goes_on_in_aws_unless_told_to_stop(
    cloud: World, gocd_tasks: CommandLine, herd: Herd, stop: bool
) -> None:
    running = gocd_tasks.start(*upgrade(herd, "0.84.0", *(["--stop-on-cancel"] if stop else [])))
    until_said(running, "DownloadBundle succeeded")
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)
    deployment = deployments(herd)[-1]
    deployment_id = deployment["deploymentId"]

    assert running.returncode == 143
    if stop:
        assert f"cancelled; {deployment_id} is being stopped and rolled back" in err
    else:
        assert f"cancelled; {deployment_id} goes on in CodeDeploy" in err
        assert f"gocd-tasks watch-deployment {deployment_id}" in err
    eventually(lambda: deployments(herd)[-1]["status"], "Stopped" if stop else "Succeeded", patience=60)


@pytest.mark.parametrize("stop", [False, True])
def test_a_cancel_while_the_function_runs_says_what_may_have_begun(
    cloud: World, gocd_tasks: CommandLine, herd: Herd, stop: bool
) -> None:
    go = threading.Event()
    cloud.lambda_function(FUNCTION, held(herd, go, before=False))
    running = gocd_tasks.start(*upgrade(herd, "0.84.0", *(["--stop-on-cancel"] if stop else [])))
    eventually(lambda: len(deployments(herd)), 1)
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=60)
    assert cloud.invocations == []
    go.set()
    deployment_id = deployments(herd)[-1]["deploymentId"]

    assert running.returncode == 143
    if stop:
        assert f"cancelled; {deployment_id} is being stopped and rolled back" in err
    else:
        assert "cancelled; an upgrade to 0.84.0 may have begun. Run the command again: it joins what" in err
        assert gocd_tasks(*upgrade(herd)).returncode == 0
    eventually(lambda: deployments(herd)[-1]["status"], "Stopped" if stop else "Succeeded", patience=60)
    assert len(cloud.journal.of("Invoke")) == 1
    # The function itself has outlived the run that asked for it.
    eventually(lambda: len(cloud.invocations), 1)
