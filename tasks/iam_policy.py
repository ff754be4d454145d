"""The least-privilege IAM policy for the commands that an agent runs."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from tasks.aws.actions import ACTIONS, Scope
from tasks.frame import running
from tasks.options import argument, option
from tasks.running.errors import Refused

# What AWS lets a policy narrow to one resource, and what only as "*": "Describe" calls of EC2, ELB and
# SSM, and CodeDeploy's of a deployment's targets and its end, know no resources (AWS,
# service-authorization/reference).
RESOURCES: dict[Scope, list[str]] = {
    Scope.EVERYTHING: ["*"],
    Scope.INSTANCES: ["arn:aws:ec2:*:*:instance/*"],
    Scope.LOAD_BALANCERS: [
        "arn:aws:elasticloadbalancing:*:*:targetgroup/*",
        "arn:aws:elasticloadbalancing:*:*:loadbalancer/*",
    ],
    Scope.RUN_COMMAND: [
        "arn:aws:ec2:*:*:instance/*",
        "arn:aws:ssm:*::document/AWS-RunShellScript",
        "arn:aws:ssm:*::document/AWS-RunPowerShellScript",
    ],
    Scope.CODE_DEPLOY: [
        "arn:aws:codedeploy:*:*:application:*",
        "arn:aws:codedeploy:*:*:deploymentconfig:*",
        "arn:aws:codedeploy:*:*:deploymentgroup:*",
    ],
    Scope.GROUPS: ["arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*"],
    Scope.POWER: ["arn:aws:ec2:*:*:instance/*"],
    Scope.BUCKET: ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"],
    # The folder itself is what GetParametersByPath names.
    Scope.LOCKS: ["arn:aws:ssm:*:*:parameter/gocd-tasks/lock", "arn:aws:ssm:*:*:parameter/gocd-tasks/lock/*"],
    Scope.UPGRADE_FUNCTION: ["arn:aws:lambda:*:*:function:*-UPGRADE-HERD-LAMBDA-FUNCTION"],
    Scope.UPGRADE_PARAMETERS: ["arn:aws:ssm:*:*:parameter/app/MDL/*"],
}


def iam_policy(commands: Sequence[str], bucket: str = "BUCKET") -> dict[str, Any]:
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
        "Statement": [
            {
                "Sid": scope.value,
                "Effect": "Allow",
                "Action": sorted(wanted[scope]),
                "Resource": [arn.replace("BUCKET", bucket) for arn in RESOURCES[scope]],
            }
            for scope in Scope
            if wanted.get(scope)
        ],
    }


def command(
    commands: Annotated[list[str], argument("COMMAND...", "The commands that will be run.")],
    bucket: Annotated[str, option("--bucket", "The bucket of --via ssm or codedeploy.")] = "BUCKET",
) -> None:
    """Print the least-privilege IAM policy for these commands, as JSON.

    Example: gocd-tasks iam-policy detach-instance attach-instance
    """
    with running("iam-policy") as task:
        task.log.say(json.dumps(iam_policy(commands, bucket), indent=2))
