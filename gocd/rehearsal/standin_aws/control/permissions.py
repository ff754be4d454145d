"""What a policy allows: its statements held against calls, all that they do not allow being denied.

Sources: IAM user guide, Policy evaluation logic; Service Authorization Reference, for which calls can be
narrowed to which resources. Of conditions it knows ``aws:RequestedRegion``, which is us-east-1 for services
that are in no region (IAM user guide, AWS global condition context keys).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from gocd.rehearsal.standin_aws.control.journal import Call

ANYTHING = "*"

# Services that are in no region.
_GLOBAL = {"route53"}

# Gives the ARNs of what a call is about, told "REGION:ACCOUNT"; the partition and the service are put before.
Named = Callable[[Mapping[str, Any], str], Iterable[str]]


@dataclass(frozen=True)
class Permissions:
    """The policy of whoever calls this account in this region."""

    policy: Mapping[str, Any]
    region: str
    account: str

    def allow(self, call: Call) -> bool:
        """Whether every resource of a call is in a statement that has its action."""
        return all(
            any(self._holds(each, call, resource) for each in self.policy["Statement"])
            for resource in self._resources(call)
        )

    def _resources(self, call: Call) -> list[str]:
        named = _NAMED.get(call.action)
        found = named(call.parameters, f"{self.region}:{self.account}") if named else ()
        return [f"arn:aws:{each}" if not each.startswith("arn:") else each for each in found] or [ANYTHING]

    def _holds(self, statement: Mapping[str, Any], call: Call, resource: str) -> bool:
        return (
            statement["Effect"] == "Allow"
            and call.action in statement["Action"]
            and any(fnmatchcase(resource, each) for each in statement["Resource"])
            and self._meets(
                statement.get("Condition", {}), "us-east-1" if call.service in _GLOBAL else self.region
            )
        )

    def _meets(self, conditions: Mapping[str, Mapping[str, Iterable[str]]], service: str) -> bool:
        """Whether a request is as they want it; a key that it does not have is never so."""
        told = {"aws:RequestedRegion": "us-east-1" if service in _GLOBAL else self.region}
        return all(
            operator == "StringEquals" and told.get(key, "") in wanted
            for operator, pairs in conditions.items()
            for key, wanted in pairs.items()
        )


def _numbered(prefix: str, parameters: Mapping[str, Any]) -> list[str]:
    """Give the members of a list in EC2's and the Query protocol: ``Prefix.1`` and so on."""
    return [str(value) for key, value in parameters.items() if key.startswith(prefix)]


def _instances(prefix: str) -> Named:
    return lambda told, at: [f"ec2:{at}:instance/{each}" for each in _numbered(prefix, told)]


def _target_group(told: Mapping[str, Any], at: str) -> list[str]:
    return [told["TargetGroupArn"]]


def _new_target_group(told: Mapping[str, Any], at: str) -> list[str]:
    return [f"elasticloadbalancing:{at}:targetgroup/{told['Name']}/id"]


def _rule(told: Mapping[str, Any], at: str) -> list[str]:
    return [told.get("RuleArn") or told["ListenerArn"]]


def _tagged(told: Mapping[str, Any], at: str) -> list[str]:
    return _numbered("ResourceArns.member.", told)


def _stack(told: Mapping[str, Any], at: str) -> list[str]:
    name = str(told["StackName"])
    return [name if name.startswith("arn:") else f"cloudformation:{at}:stack/{name}/id"]


def _classic(told: Mapping[str, Any], at: str) -> list[str]:
    return [f"elasticloadbalancing:{at}:loadbalancer/{told['LoadBalancerName']}"]


def _alarm(told: Mapping[str, Any], at: str) -> list[str]:
    return [f"cloudwatch:{at}:alarm:{told['AlarmName']}"]


def _group(told: Mapping[str, Any], at: str) -> list[str]:
    name = told.get("AutoScalingGroupName") or told.get("Tags.member.1.ResourceId")
    return [f"autoscaling:{at}:autoScalingGroup:uuid:autoScalingGroupName/{name}"]


def _parameters(told: Mapping[str, Any], at: str) -> list[str]:
    names = told.get("Names") or [told.get("Name") or told.get("Path")]
    return [f"ssm:{at}:parameter/{str(each).lstrip('/')}" for each in names]


def _run_command(told: Mapping[str, Any], at: str) -> list[str]:
    document = f"ssm:{at.partition(':')[0]}::document/{told['DocumentName']}"
    return [document, *(f"ec2:{at}:instance/{each}" for each in told["InstanceIds"])]


def _function(told: Mapping[str, Any], at: str) -> list[str]:
    return [f"lambda:{at}:function:{told['FunctionName']}"]


def _application(told: Mapping[str, Any], at: str) -> list[str]:
    return [f"codedeploy:{at}:deploymentgroup:{told['applicationName']}/{told['deploymentGroupName']}"]


def _some_application(told: Mapping[str, Any], at: str) -> list[str]:
    # Which one is known to the service only.
    return [f"codedeploy:{at}:deploymentgroup:application/group"]


def _bucket(told: Mapping[str, Any], at: str) -> list[str]:
    return [f"s3:::{told['Bucket']}"]


def _object(told: Mapping[str, Any], at: str) -> list[str]:
    return [f"s3:::{told['Bucket']}/{told['Key']}"]


_NAMED: Mapping[str, Named] = {
    "ec2:CreateTags": _instances("ResourceId."),
    "ec2:DeleteTags": _instances("ResourceId."),
    "ec2:StopInstances": _instances("InstanceId."),
    "elasticloadbalancing:RegisterTargets": _target_group,
    "elasticloadbalancing:DeregisterTargets": _target_group,
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer": _classic,
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer": _classic,
    "elasticloadbalancing:AddTags": _tagged,
    "elasticloadbalancing:ModifyListener": _rule,
    "elasticloadbalancing:ModifyRule": _rule,
    "elasticloadbalancing:CreateTargetGroup": _new_target_group,
    "elasticloadbalancing:DeleteTargetGroup": _target_group,
    "elasticloadbalancing:ModifyTargetGroupAttributes": _target_group,
    "autoscaling:CreateAutoScalingGroup": _group,
    "autoscaling:CreateOrUpdateTags": _group,
    "autoscaling:DeleteAutoScalingGroup": _group,
    "autoscaling:DeleteTags": _group,
    "autoscaling:DeleteWarmPool": _group,
    "autoscaling:EnterStandby": _group,
    "autoscaling:ExitStandby": _group,
    "autoscaling:PutNotificationConfiguration": _group,
    "autoscaling:PutScalingPolicy": _group,
    "autoscaling:PutScheduledUpdateGroupAction": _group,
    "autoscaling:ResumeProcesses": _group,
    "autoscaling:SuspendProcesses": _group,
    "autoscaling:UpdateAutoScalingGroup": _group,
    "cloudwatch:PutMetricAlarm": _alarm,
    "cloudformation:CreateStack": _stack,
    "cloudformation:DeleteStack": _stack,
    "cloudformation:UpdateTerminationProtection": _stack,
    "ssm:GetParameter": _parameters,
    "ssm:GetParameterHistory": _parameters,
    "ssm:GetParameters": _parameters,
    "ssm:GetParametersByPath": _parameters,
    "ssm:PutParameter": _parameters,
    "ssm:DeleteParameter": _parameters,
    "ssm:SendCommand": _run_command,
    "lambda:InvokeFunction": _function,
    "codedeploy:CreateDeployment": _application,
    "codedeploy:GetDeploymentGroup": _application,
    "codedeploy:ListDeployments": _application,
    "codedeploy:GetDeployment": _some_application,
    "codedeploy:BatchGetDeployments": _some_application,
    "s3:ListBucket": _bucket,
    "s3:GetObject": _object,
    "s3:PutObject": _object,
    "s3:AbortMultipartUpload": _object,
}
