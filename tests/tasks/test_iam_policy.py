"""The policy that a command prints lets it do all that it really does, and nothing else."""

import json
import time
from pathlib import Path

import pytest
from botocore.session import Session

from gocd.rehearsal.sample.herd.stack import build_herd
from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.aws.actions import ACTIONS
from tasks.iam_policy import Narrowed, command, iam_policy
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.upgrade_herd.upgrading import upgrade

# What is asked of SSM only where a command is lost, fails or is cancelled.
OF_LOST_COMMANDS = {"ssm:CancelCommand", "ssm:GetCommandInvocation", "ssm:ListCommands"}

# What only happens when something goes wrong or where an upload is large, and what is no call of ours.
SELDOM = {
    "codedeploy:BatchGetDeployments",
    "codedeploy:GetApplicationRevision",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:RegisterApplicationRevision",
    "codedeploy:StopDeployment",
    "s3:AbortMultipartUpload",
    *OF_LOST_COMMANDS,
    "ssm:GetParameterHistory",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
    "ec2:DeleteTags",
}

# What a detach asks of the instance itself, and only if told to; a drain is never ended before 20 s.
UNTIL_IDLE = {"ssm:DescribeInstanceInformation", "ssm:ListCommandInvocations", "ssm:SendCommand"}
# What puts a member back that could not leave after all.
BACK = {"autoscaling:DeleteTags", "autoscaling:ExitStandby", "autoscaling:ResumeProcesses"}


# What tells whether a load balancer sends requests to one that is in it; here it is in none.
SENDS_TO = {
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
}

# What is looked at where an environment is named in place of an instance.
OF_ENVIRONMENTS = {
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLifecycleHooks",
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
}

# Where an instance is behind rules with weights, as its own tests show.
RULES = {"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules"}

HERE = Narrowed("releases", regions=["eu-west-1"])


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
    runs["status"] = [("staging", "fleet"), ("Staging-1",), ()]
    rollout = (release, "--version", "2.0", "--bucket", "releases", "--install-to", "/srv/app")
    asked = ("--status-url", "http://{private_ip}:8080/_status", "--settle", "0")
    runs["rolling-deploy"] = [
        (*rollout, *asked, "--load-balancer", "fleet", "--restart", "systemctl restart app")
    ]
    jtl = tmp_path / "run.jtl"
    jtl.write_text(
        f"timeStamp,elapsed,label,responseCode,success\n{time.time_ns() // 10**6},5,home,200,true\n"
    )
    runs["verify-traffic"] = [("--jtl", str(jtl), "--out", str(tmp_path), "--cloudwatch", "fleet")]
    runs["sleep-settle"] = [
        ("--instance", "Staging-1", "--probe-url", "http://{private_ip}:8080/_status", "--consecutive", "1")
    ]

    def lose_one(call: Call) -> None:
        back = [call for call in cloud.journal.calls if call.operation == "ExitStandby"]
        if len(back) == len(members):
            (members[0].root / "srv/app/current").unlink(missing_ok=True)

    for name, each in runs.items():
        cloud.journal.clear()
        cloud.faults.allow_only(iam_policy([name], HERE))
        # One that loses its release once all are back is turned off at the end.
        cloud.faults.after_call = lose_one if name == "rolling-deploy" else None
        for words in each:
            done = gocd_tasks(name, *words)
            assert done.returncode == 0, done.stdout + done.stderr
        used = {call.action for call in cloud.journal.calls if not call.presigned}

        assert used <= allowed(name), name
        seldom = SELDOM | (UNTIL_IDLE | BACK if name == "detach-instance" else set())
        # One that hurts users is taken out again, as the first command here was seen to do.
        seldom |= allowed("detach-instance") if name == "attach-instance" else set()
        seldom |= SENDS_TO | RULES if name == "deploy-artifact" else set()
        seldom |= OF_ENVIRONMENTS if name in ("deploy-artifact", "check-status", "status") else set()
        if name == "rolling-deploy":
            # The rest is what the two commands above were seen to use.
            seldom |= allowed("detach-instance") | allowed("deploy-artifact")
        assert allowed(name) - seldom - {"s3:GetObject"} <= used, name


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_no_action_is_a_pattern(name: str) -> None:
    assert not [action for action in allowed(name) if "*" in action]


def test_an_upgrade_of_herd_is_asked_for_and_watched_under_their_own_policies(
    cloud: World, gocd_tasks: CommandLine
) -> None:
    herd = build_herd(cloud, deregistration_delay=0)
    begun = herd.aws.client("codedeploy").list_deployments(
        applicationName=herd.names.application, deploymentGroupName=herd.names.deployment_group
    )["deployments"]
    runs = {
        "upgrade-herd": upgrade(herd, "0.84.0", "--dry-run")[1:],
        "watch-deployment": (begun[0],),
    }
    for name, words in runs.items():
        cloud.journal.clear()
        cloud.faults.allow_only(iam_policy([name], HERE))
        done = gocd_tasks(name, *words)

        assert done.returncode == 0, done.stdout + done.stderr
        assert {call.action for call in cloud.journal.calls} <= allowed(name)


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        ("ec2:DescribeInstances", "AWS refused ec2:DescribeInstances"),
        ("elasticloadbalancing:DeregisterTargets", "AWS refused elasticloadbalancing:DeregisterTargets"),
        ("ssm:PutParameter", "AWS refused ssm:PutParameter"),
        ("region", "AWS refused ec2:DescribeInstances"),
        ("parameters", "AWS refused ssm:GetParameter"),
    ],
)
def test_whatever_a_policy_lacks_is_missed(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, lacks: str, told: str
) -> None:
    behind("application")
    to = Narrowed(regions=["us-west-2"]) if lacks == "region" else HERE
    policy = iam_policy(["detach-instance"], to)
    for part in policy["Statement"]:
        part["Action"] = [action for action in part["Action"] if action != lacks]
        if lacks == "parameters":
            part["Resource"] = [each.replace("gocd-tasks/lock", "others") for each in part["Resource"]]
    cloud.faults.allow_only(policy)
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert done.returncode == 2
    assert told in done.stderr


def test_changes_are_narrowed_to_what_they_change() -> None:
    policy = iam_policy(list(ACTIONS), HERE)
    wide = [part for part in policy["Statement"] if part["Resource"] == ["*"]]

    assert [part["Sid"] for part in wide] == ["Look", "LookForRecords"]
    assert "arn:aws:s3:::releases/*" in json.dumps(policy)
    assert "{" not in json.dumps([part["Resource"] for part in policy["Statement"]])


@pytest.mark.parametrize("partition", sorted(Session().get_available_partitions()))
def test_every_resource_is_of_the_partition_that_the_region_is_in(
    partition: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    region = Session().get_available_regions("ec2", partition_name=partition)[0]
    monkeypatch.setenv("AWS_REGION", region)
    command(["rolling-deploy"])
    by_environment = capsys.readouterr().out
    monkeypatch.delenv("AWS_REGION")
    command(["rolling-deploy"], region=[region])
    policies = [json.loads(by_environment), json.loads(capsys.readouterr().out)]
    resources = {each for policy in policies for part in policy["Statement"] for each in part["Resource"]}

    assert {each.split(":")[1] for each in resources - {"*"}} == {partition}


def test_requests_go_to_the_regions_that_were_named_and_the_bucket_is_wherever_it_is() -> None:
    policy = iam_policy(["rolling-deploy"], Narrowed("releases", regions=["eu-west-1", "eu-north-1"]))
    conditions = {part["Sid"]: part.get("Condition") for part in policy["Statement"]}

    assert conditions.pop("PassTheRelease") is None
    assert list(conditions.values()) == [
        {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-north-1"]}}
    ] * len(conditions)


KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab"


def test_the_key_of_a_bucket_is_used_through_s3_for_that_bucket_only() -> None:
    [part] = iam_policy(["deploy-artifact"], Narrowed("releases", kms_key=KEY))["Statement"][-1:]

    assert (part["Action"], part["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], [KEY])
    assert part["Condition"]["StringLike"] == {
        "kms:ViaService": "s3.eu-west-1.*",
        "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::releases", "arn:aws:s3:::releases/*"],
    }
    assert "kms" not in json.dumps(iam_policy(["detach-instance"], Narrowed(kms_key=KEY)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kms-key", "alias/releases"), "is not the ARN of a key"),
        (("--kms-key", KEY, "--region", "cn-north-1"), "is in partition aws, not aws-cn"),
        (("--region", "eu-west-1", "--region", "cn-north-1"), "cn-north-1 is in aws-cn"),
        (("--region", "eu-nowhere"), "AWS has no region eu-nowhere"),
    ],
)
def test_what_cannot_be_in_one_policy_is_refused(
    gocd_tasks: CommandLine, words: tuple[str, ...], said: str
) -> None:
    done = gocd_tasks("iam-policy", "deploy-artifact", *words)

    assert done.returncode == 2
    assert said in done.stderr
