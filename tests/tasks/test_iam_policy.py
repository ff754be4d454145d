"""The policy that a command prints lets it do all that it really does, and nothing else."""

import json
from pathlib import Path

import pytest

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.actions import ACTIONS
from tasks.iam_policy import iam_policy
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair

# What only happens when something goes wrong or where an upload is large, and what is no call of ours.
SELDOM = {
    "codedeploy:BatchGetDeployments",
    "codedeploy:GetApplicationRevision",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:RegisterApplicationRevision",
    "codedeploy:StopDeployment",
    "s3:AbortMultipartUpload",
    "ssm:CancelCommand",
    "ssm:GetCommandInvocation",
    "ssm:GetParameterHistory",
    "ssm:ListCommands",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    "ec2:DeleteTags",
}

# What a detach asks of the instance itself, and only if told to; a drain is never ended before 20 s.
UNTIL_IDLE = {"ssm:DescribeInstanceInformation", "ssm:ListCommandInvocations", "ssm:SendCommand"}
# What a member needs that is still entering Standby, or whose group has grown; then what puts one back that
# could not leave after all.
ROOM = {"autoscaling:CreateOrUpdateTags", "autoscaling:DescribeAutoScalingInstances"}
BACK = {"autoscaling:DeleteTags", "autoscaling:ExitStandby", "autoscaling:ResumeProcesses"}


def allowed(*commands: str) -> set[str]:
    return {action for part in iam_policy(commands)["Statement"] for action in part["Action"]}


def test_every_call_of_a_rollout_is_allowed_and_every_action_is_used(
    cloud: World,
    gocd_tasks: CommandLine,
    behind: MakeBalancer,
    pair: Pair,
    sample: Service,
    tmp_path: Path,
) -> None:
    behind("classic")
    cloud.target_group("network", kind="network", instances=list(pair), deregistration_delay=1)
    cloud.client("s3").create_bucket(
        Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    release = str(build_release("2.0", tmp_path))
    client = cloud.client("codedeploy")
    client.create_application(applicationName="app")
    client.create_deployment_group(
        applicationName="app",
        deploymentGroupName="first",
        serviceRoleArn="arn:aws:iam::123456789012:role/code-deploy",
        ec2TagFilters=[{"Key": "Name", "Value": "Staging-1", "Type": "KEY_AND_VALUE"}],
    )
    fleet = cloud.target_group("fleet", deregistration_delay=1)
    zones = ("eu-west-1a", "eu-west-1b")
    members = cloud.auto_scaling_group(
        "fleet", size=3, min_size=3, service=sample, load_balancers=[fleet], zones=zones
    )
    # It runs nothing, so a rollout skips it, and turns it off at the end.
    idle = cloud.launch("Idle")
    cloud.client("elbv2").register_targets(TargetGroupArn=fleet.arn, Targets=[{"Id": idle.id}])
    member = (members[0].id, "--load-balancer", "fleet")
    both = ("--load-balancer", "staging", "--load-balancer", "network")
    deploy = ("Staging-1", release, "--version", "2.0", "--bucket", "releases")
    runs: dict[str, list[tuple[str, ...]]] = {
        "detach-instance": [("Staging-1", *both, "--min-healthy", "0"), member],
        "deploy-artifact": [
            (*deploy, "--install-to", "/srv/app", "--restart", "systemctl restart app"),
            (*deploy, "--via", "codedeploy", "--deployment-group", "first"),
        ],
        "attach-instance": [("Staging-1", *both), member],
        "lock": [("acquire", "ours"), ("status",), ("release", "ours")],
        "check-status": [("--instance", "Staging-1", "--url", "http://{private_ip}:8080/_status")],
    }
    rollout = (release, "--version", "2.0", "--bucket", "releases", "--install-to", "/srv/app")
    asked = ("--status-url", "http://{private_ip}:8080/_status", "--settle", "0")
    runs["rolling-deploy"] = [
        (*rollout, *asked, "--load-balancer", "fleet", "--restart", "systemctl restart app")
    ]
    for command, each in runs.items():
        cloud.journal.clear()
        for words in each:
            done = gocd_tasks(command, *words)
            assert done.returncode == 0, done.stderr
        used = {call.action for call in cloud.journal.calls if not call.presigned}

        assert used <= allowed(command), command
        seldom = SELDOM | (UNTIL_IDLE | BACK if command == "detach-instance" else set())
        seldom |= ROOM if command == "attach-instance" else set()
        if command == "rolling-deploy":
            # The rest is what the two commands above were seen to use.
            seldom |= allowed("detach-instance") | allowed("deploy-artifact")
        assert allowed(command) - seldom - {"s3:GetObject"} <= used, command


@pytest.mark.parametrize("command", sorted(ACTIONS))
def test_no_action_is_a_pattern(command: str) -> None:
    assert not [action for action in allowed(command) if "*" in action]


def test_changes_are_narrowed_to_what_they_change() -> None:
    policy = iam_policy(list(ACTIONS), bucket="releases")
    wide = [part for part in policy["Statement"] if part["Resource"] == ["*"]]

    assert [part["Sid"] for part in wide] == ["Look"]
    assert "arn:aws:s3:::releases/*" in json.dumps(policy)
    assert "BUCKET" not in json.dumps(policy)
