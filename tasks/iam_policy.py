"""The least-privilege IAM policy for the commands that an agent runs."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from tasks.aws.actions import ACTIONS, Scope
from tasks.aws.api import Aws
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.errors import Refused

# What AWS lets a policy narrow to one resource, and what only as "*": "Describe" calls of EC2, ELB and
# SSM, and CodeDeploy's of a deployment's targets and its end, know no resources (AWS,
# service-authorization/reference).
RESOURCES: dict[Scope, list[str]] = {
    Scope.EVERYTHING: ["*"],
    Scope.INSTANCES: ["arn:{partition}:ec2:*:*:instance/*"],
    Scope.LOAD_BALANCERS: [
        "arn:{partition}:elasticloadbalancing:*:*:targetgroup/*",
        "arn:{partition}:elasticloadbalancing:*:*:loadbalancer/*",
    ],
    Scope.RUN_COMMAND: [
        "arn:{partition}:ec2:*:*:instance/*",
        "arn:{partition}:ssm:*::document/AWS-RunShellScript",
        "arn:{partition}:ssm:*::document/AWS-RunPowerShellScript",
    ],
    Scope.CODE_DEPLOY: [
        "arn:{partition}:codedeploy:*:*:application:*",
        "arn:{partition}:codedeploy:*:*:deploymentconfig:*",
        "arn:{partition}:codedeploy:*:*:deploymentgroup:*",
    ],
    Scope.GROUPS: ["arn:{partition}:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*"],
    Scope.POWER: ["arn:{partition}:ec2:*:*:instance/*"],
    Scope.BUCKET: ["arn:{partition}:s3:::{bucket}", "arn:{partition}:s3:::{bucket}/*"],
    # The folder itself is what GetParametersByPath names.
    Scope.LOCKS: [
        "arn:{partition}:ssm:*:*:parameter/gocd-tasks/lock",
        "arn:{partition}:ssm:*:*:parameter/gocd-tasks/lock/*",
    ],
    # ListHostedZones knows no resources.
    Scope.RECORDS: ["*"],
    Scope.STACKS: ["arn:{partition}:cloudformation:*:*:stack/*"],
    # An instance is launched from an image, into a subnet, with a volume and so on.
    Scope.CLONED_INSTANCES: ["arn:{partition}:ec2:*:*:*", "arn:{partition}:ec2:*::image/*"],
    Scope.ALARMS: ["arn:{partition}:cloudwatch:*:*:alarm:*"],
    Scope.LISTENERS: [
        "arn:{partition}:elasticloadbalancing:*:*:listener/*",
        "arn:{partition}:elasticloadbalancing:*:*:listener-rule/*",
    ],
    Scope.SWITCHES: [
        "arn:{partition}:ssm:*:*:parameter/gocd-tasks/switch",
        "arn:{partition}:ssm:*:*:parameter/gocd-tasks/switch/*",
    ],
    Scope.UPGRADE_FUNCTION: ["arn:{partition}:lambda:*:*:function:*-UPGRADE-HERD-LAMBDA-FUNCTION"],
    Scope.UPGRADE_PARAMETERS: ["arn:{partition}:ssm:*:*:parameter/app/MDL/*"],
}

KEY = re.compile(r"arn:([\w-]+):kms:[\w-]+:\d{12}:key/[\w-]+")


@dataclass(frozen=True)
class Narrowed:
    """What a policy is narrowed to.

    Args:
        partition: The part of AWS that its resources are in: ``aws``, ``aws-cn``, ``aws-us-gov`` and so on.
        regions: Those that requests may go to; none for any. A bucket may be in yet another one.
        kms_key: The ARN of the key that the bucket encrypts with, if it is one of the account's own.
    """

    bucket: str = "BUCKET"
    partition: str = "aws"
    regions: Sequence[str] = ()
    kms_key: str | None = None

    def __post_init__(self) -> None:
        if self.kms_key is None:
            return
        found = KEY.fullmatch(self.kms_key)
        if not found:
            what = f"--kms-key {self.kms_key} is not the ARN of a key"
            raise Refused(what, "A policy takes no alias; see: aws kms describe-key --key-id alias/NAME")
        if found[1] != self.partition:
            raise Refused(f"--kms-key {self.kms_key} is in partition {found[1]}, not {self.partition}")


ANYWHERE = Narrowed()


def iam_policy(commands: Sequence[str], to: Narrowed = ANYWHERE) -> dict[str, Any]:
    """Return the policy document that lets an agent run *commands*, and nothing more.

    Raises:
        Refused: A name is not a command's.
    """
    unknown = [name for name in commands if name not in ACTIONS]
    if unknown:
        raise Refused(f"{', '.join(unknown)}: no such command", f"There are: {', '.join(ACTIONS)}")
    wanted: dict[Scope, set[str]] = {}
    for name in commands:
        for scope, actions in ACTIONS[name].items():
            wanted.setdefault(scope, set()).update(actions)
    return {
        "Version": "2012-10-17",
        "Statement": [_statement(scope, wanted[scope], to) for scope in Scope if wanted.get(scope)]
        + ([_encryption(to)] if to.kms_key and Scope.BUCKET in wanted else []),
    }


def _statement(scope: Scope, actions: set[str], to: Narrowed) -> dict[str, Any]:
    resources = [arn.format(partition=to.partition, bucket=to.bucket) for arn in RESOURCES[scope]]
    statement: dict[str, Any] = {
        "Sid": scope.value,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resources,
    }
    # A bucket may be elsewhere, and Route 53 is in no region: requests to it count as ones to us-east-1.
    if to.regions and scope not in (Scope.BUCKET, Scope.RECORDS):
        statement["Condition"] = {"StringEquals": {"aws:RequestedRegion": list(to.regions)}}
    return statement


def _encryption(to: Narrowed) -> dict[str, Any]:
    """What S3 asks of the key in the caller's name; to decrypt for an upload in parts as well.

    Source: Amazon S3 user guide, Using server-side encryption with AWS KMS keys.
    """
    region = str(to.kms_key).split(":")[3]
    objects = f"arn:{to.partition}:s3:::{to.bucket}"
    return {
        "Sid": "EncryptTheRelease",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": [to.kms_key],
        "Condition": {
            "StringLike": {
                "kms:ViaService": f"s3.{region}.*",
                # The bucket itself, where it has a bucket key.
                "kms:EncryptionContext:aws:s3:arn": [objects, f"{objects}/*"],
            }
        },
    }


def command(
    commands: Annotated[list[str], argument("COMMAND...", "The commands that will be run.")],
    bucket: Annotated[str, option("--bucket", "The bucket of --via ssm or codedeploy.")] = "BUCKET",
    kms_key: Annotated[
        str | None, option("--kms-key", "The ARN of the KMS key that the bucket encrypts with, if any.")
    ] = None,
    region: Annotated[
        list[str] | None,
        option("--region", "A region that the agent deploys in; repeatable. Requests to others are denied."),
    ] = None,
) -> None:
    """Print the least-privilege IAM policy for these commands, as JSON.

    Its resources are of the partition (aws, aws-cn, aws-us-gov, ...) that the region or AWS_REGION is in.

    Example: gocd-tasks iam-policy detach-instance attach-instance
    """
    with running("iam-policy") as task:
        regions = region or []
        to = Narrowed(bucket, partition_of(task.aws, regions), regions, kms_key)
        task.log.steps(json.dumps(iam_policy(commands, to), indent=2).splitlines())


def partition_of(aws: Aws, regions: Sequence[str]) -> str:
    """Return the one partition that *regions* are in, or else the region that AWS's own settings name.

    Raises:
        Refused: AWS has no such region, or they are in several partitions.
    """
    found = {each: aws.partition(each) for each in regions}
    if len(set(found.values())) > 1:
        told = ", ".join(f"{each} is in {partition}" for each, partition in found.items())
        raise Refused(f"one policy is for one partition of AWS, and {told}")
    return next(iter(found.values()), None) or aws.partition()
