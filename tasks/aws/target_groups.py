"""Target groups, found by their names, or by those of the load balancers that use them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.load_balancer import LoadBalancer, LoadBalancerKind
from tasks.aws.parts import parts
from tasks.aws.target_group import HOLD_INSTANCES, TargetGroup

# AWS's words for a name that there is not, or cannot be.
UNKNOWN = {"LoadBalancerNotFound", "TargetGroupNotFound", "ValidationError"}

# Target groups in one question (elbv2 API reference, DescribeTargetGroups: PageSize).
MOST_ASKED = 100


def groups_by_arn(aws: Aws, arns: Sequence[str]) -> list[TargetGroup]:
    """Return the target groups of these ARNs, as many as there are."""
    found = []
    for some in parts(list(arns), MOST_ASKED):
        try:
            told = aws.call("elbv2", "describe_target_groups", TargetGroupArns=some)["TargetGroups"]
        except AwsError as error:
            # One that is gone fails the whole question.
            if error.code not in UNKNOWN:
                raise
            if len(some) > 1:
                found += [group for each in some for group in groups_by_arn(aws, [each])]
            continue
        found += [TargetGroup(aws, each) for each in told]
    return found


def attached_elsewhere(aws: Aws, arns: Sequence[str], besides: Collection[str]) -> set[str]:
    """Return those of the target groups that an Auto Scaling group registers with, others than these."""
    entries = aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups") if arns else []
    used = {
        arn
        for each in entries
        if each["AutoScalingGroupName"] not in besides
        for arn in each["TargetGroupARNs"]
    }
    return used & {*arns}


class TargetGroups(LoadBalancerKind):
    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def all(self) -> list[LoadBalancer]:
        entries = self._aws.pages("elbv2", "describe_target_groups", "TargetGroups")
        return [TargetGroup(self._aws, each) for each in entries if each["TargetType"] in HOLD_INSTANCES]

    def named(self, name: str) -> list[LoadBalancer]:
        return self._groups(Names=[name])

    def meant_by(self, words: str) -> list[LoadBalancer]:
        """Return the target group of that name or ARN, and those of the load balancer that has it."""
        if ":targetgroup/" in words:
            return self._groups(TargetGroupArns=[words])
        if words.startswith("arn:"):
            return self._behind(LoadBalancerArns=[words])
        groups = [*self.named(words), *self._behind(Names=[words])]
        return list({group.address: group for group in groups}.values())

    def _behind(self, **question: Any) -> list[LoadBalancer]:
        return [
            group
            for entry in self._found("describe_load_balancers", "LoadBalancers", **question)
            for group in self._groups(LoadBalancerArn=entry["LoadBalancerArn"])
        ]

    def _groups(self, **question: Any) -> list[LoadBalancer]:
        entries = self._found("describe_target_groups", "TargetGroups", **question)
        # Of a load balancer with groups of several types, those that hold no instances are not meant.
        holding = [entry for entry in entries if entry["TargetType"] in HOLD_INSTANCES]
        return [TargetGroup(self._aws, entry) for entry in holding or entries]

    def _found(self, operation: str, key: str, **question: Any) -> list[Mapping[str, Any]]:
        try:
            found: list[Mapping[str, Any]] = self._aws.call("elbv2", operation, **question)[key]
        except AwsError as error:
            if error.code in UNKNOWN:
                return []
            raise
        return found
