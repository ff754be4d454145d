"""What is denied was not done, and the last line says so: each action of a command, and what it leaves."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine, Done
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.deployers.codedeploy.deploying import GROUP, name_is
from tests.tasks.rolling_deploy.conftest import answer
from tests.tasks.test_cli import one_error

DETACH = ("detach-instance", "Staging-1", "--load-balancer", "staging")
ATTACH = ("attach-instance", "Staging-1", "--load-balancer", "staging")
ON_IT = ("--bucket", "releases", "--install-to", "/srv/app", "--restart", "systemctl restart app")


def denied(cloud: World, gocd_tasks: CommandLine, action: str, *words: str) -> Done:
    cloud.faults.deny(action)
    done = gocd_tasks(*words)
    cloud.faults.clear()
    assert f"AWS refused {action}" in one_error(done)
    return done


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("application", "elasticloadbalancing:RegisterTargets"),
        ("classic", "elasticloadbalancing:RegisterInstancesWithLoadBalancer"),
    ],
)
def test_who_may_not_be_put_back_is_told_to_be_out_as_before(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, kind: str, action: str
) -> None:
    made = behind(kind)
    assert gocd_tasks(*DETACH).returncode == 0
    done = denied(cloud, gocd_tasks, action, *ATTACH)

    assert "; Staging-1 is still out of staging and serves nobody. " in one_error(done)
    assert done.returncode == 2
    assert cloud.serving(made) == {pair.two.id}


def test_whose_memory_may_not_be_dropped_is_told_to_serve(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application")
    assert gocd_tasks(*DETACH).returncode == 0
    done = denied(cloud, gocd_tasks, "ec2:DeleteTags", *ATTACH)

    assert "; Staging-1 serves in staging. " in one_error(done)
    assert done.returncode == 1
    assert cloud.serving(made) == {pair.one.id, pair.two.id}


BEFORE = "Staging-1 runs what it ran before"
# What the last line says of the instance, by the action that is denied to a deployment.
DEPLOYING: Mapping[str, str] = {
    "ssm:DescribeInstanceInformation": "nothing was changed",
    "s3:PutObject": BEFORE,
    "ssm:SendCommand": BEFORE,
    "ssm:ListCommandInvocations": "Staging-1 may have either version",
}


def test_what_a_deployment_may_not_do_leaves_the_instance_with_what_it_ran(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, tmp_path: Path
) -> None:
    bucket(cloud)
    release = str(build_release("2.0", tmp_path))
    for action, state in DEPLOYING.items():
        done = denied(
            cloud, gocd_tasks, action, "deploy-artifact", "Staging-1", release, "--version", "2.0", *ON_IT
        )
        assert f"; {state}. " in one_error(done), action
        assert (answer(pair.one) == "1.0") or state.endswith("either version"), action
    back = denied(cloud, gocd_tasks, "ssm:SendCommand", "deploy-artifact", "Staging-1", "--rollback", *ON_IT)

    assert f"; {BEFORE}. " in one_error(back)


def bucket(cloud: World) -> None:
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )


@pytest.mark.parametrize(
    "action", ["codedeploy:ListDeployments", "codedeploy:CreateDeployment", "s3:PutObject"]
)
def test_a_deployment_that_codedeploy_may_not_begin_leaves_the_instance_with_what_it_ran(
    cloud: World, gocd_tasks: CommandLine, pair: Pair, tmp_path: Path, action: str
) -> None:
    bucket(cloud)
    client = cloud.client("codedeploy")
    client.create_application(applicationName="app")
    client.create_deployment_group(
        applicationName="app",
        deploymentGroupName=GROUP,
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
        ec2TagFilters=[name_is("Staging-1")],
    )
    release = str(build_release("2.0", tmp_path))
    via = ("--via", "codedeploy", "--deployment-group", GROUP, "--bucket", "releases")
    done = denied(
        cloud, gocd_tasks, action, "deploy-artifact", "Staging-1", release, "--version", "2.0", *via
    )

    assert f"; {BEFORE}. " in one_error(done)
    assert answer(pair.one) == "1.0"


def test_a_lock_that_may_not_be_written_is_as_it_was(cloud: World, gocd_tasks: CommandLine) -> None:
    for word in ("acquire", "release"):
        if word == "release":
            assert gocd_tasks("lock", "acquire", "ours").returncode == 0
        before = gocd_tasks("lock", "status", "ours").stdout.partition(" since")[0]
        done = denied(cloud, gocd_tasks, "ssm:PutParameter", "lock", word, "ours")

        assert "; nothing was changed. " in one_error(done)
        assert done.returncode == 2
        assert gocd_tasks("lock", "status", "ours").stdout.partition(" since")[0] == before
