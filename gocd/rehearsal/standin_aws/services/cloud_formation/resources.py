"""The kinds of resources that stacks have here, made and deleted through the API as CloudFormation does it.

Source: CloudFormation template reference, for each type: what Ref and GetAtt give; names that it makes up are
of the stack, the logical id and random letters.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Client = Callable[[str], Any]


@dataclass(frozen=True)
class Made:
    """A resource that is there: what Ref gives, and what GetAtt does."""

    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Kind(Protocol):
    """One type of resource."""

    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        """Order one of these properties; *name* is for it if it is given none."""

    def missing(self, client: Client, made: Made) -> str | None:
        """Return what it still lacks to be complete, or None.

        Raises:
            RuntimeError: It will never be.
        """

    def delete(self, client: Client, made: Made) -> bool:
        """Go on with its deletion; whether it is gone."""


class _Simple:
    def missing(self, client: Client, made: Made) -> str | None:
        return None


class LaunchTemplate(_Simple):
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        given.setdefault("LaunchTemplateName", name)
        made = _call(client("ec2"), "create_launch_template", given)["LaunchTemplate"]
        numbers = {key: str(made[key]) for key in ("DefaultVersionNumber", "LatestVersionNumber")}
        return Made(made["LaunchTemplateId"], {**numbers, "LaunchTemplateId": made["LaunchTemplateId"]})

    def delete(self, client: Client, made: Made) -> bool:
        client("ec2").delete_launch_template(LaunchTemplateId=made.id)
        return True


class AutoScalingGroup:
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        given.setdefault("AutoScalingGroupName", name)
        subnets = given.get("VPCZoneIdentifier")
        if isinstance(subnets, list):
            given["VPCZoneIdentifier"] = ",".join(subnets)
        own = [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()]
        given["Tags"] = [*given.get("Tags", []), *own]
        _call(client("autoscaling"), "create_auto_scaling_group", given)
        return Made(given["AutoScalingGroupName"])

    def missing(self, client: Client, made: Made) -> str | None:
        """A group has to stabilize: as many in service as are desired, and no launch that failed."""
        scaling = client("autoscaling")
        [group] = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[made.id])["AutoScalingGroups"]
        serving = [each for each in group["Instances"] if each["LifecycleState"] == "InService"]
        done = scaling.describe_scaling_activities(AutoScalingGroupName=made.id)["Activities"]
        if failed := next((each for each in done if each["StatusCode"] == "Failed"), None):
            sizes = f"{len(serving)}/{group['MinSize']}/{group['MaxSize']}"
            raise RuntimeError(
                f"Group did not stabilize. {{current/minSize/maxSize}} group size = {{{sizes}}}. "
                f"Failed Scaling Activity: {failed['StatusMessage']}"
            )
        return None if len(serving) >= group["DesiredCapacity"] else "instances"

    def delete(self, client: Client, made: Made) -> bool:
        scaling = client("autoscaling")
        groups = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[made.id])["AutoScalingGroups"]
        if groups and groups[0]["MaxSize"]:
            scaling.update_auto_scaling_group(
                AutoScalingGroupName=made.id, MinSize=0, MaxSize=0, DesiredCapacity=0
            )
        if groups and not groups[0]["Instances"]:
            scaling.delete_auto_scaling_group(AutoScalingGroupName=made.id)
        return not groups


class TargetGroup(_Simple):
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        attributes = given.pop("TargetGroupAttributes", [])
        targets = given.pop("Targets", [])
        given["Tags"] = _tagged(given, tags)
        given.setdefault("Name", _short(name))
        elb = client("elbv2")
        [made] = _call(elb, "create_target_group", given)["TargetGroups"]
        arn = made["TargetGroupArn"]
        if attributes:
            _call(elb, "modify_target_group_attributes", {"TargetGroupArn": arn, "Attributes": attributes})
        if targets:
            _call(elb, "register_targets", {"TargetGroupArn": arn, "Targets": targets})
        names = {"TargetGroupName": made["TargetGroupName"], "TargetGroupFullName": arn.rpartition(":")[2]}
        return Made(arn, names)

    def delete(self, client: Client, made: Made) -> bool:
        client("elbv2").delete_target_group(TargetGroupArn=made.id)
        return True


class LoadBalancer(_Simple):
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        given["Tags"] = _tagged(given, tags)
        given.setdefault("Name", _short(name))
        [made] = _call(client("elbv2"), "create_load_balancer", given)["LoadBalancers"]
        names = {
            "DNSName": made["DNSName"],
            "CanonicalHostedZoneID": made.get("CanonicalHostedZoneId", ""),
            "LoadBalancerName": made["LoadBalancerName"],
            "LoadBalancerFullName": made["LoadBalancerArn"].partition(":loadbalancer/")[2],
        }
        return Made(made["LoadBalancerArn"], names)

    def delete(self, client: Client, made: Made) -> bool:
        client("elbv2").delete_load_balancer(LoadBalancerArn=made.id)
        return True


class Listener(_Simple):
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        [made] = _call(client("elbv2"), "create_listener", given)["Listeners"]
        return Made(made["ListenerArn"])

    def delete(self, client: Client, made: Made) -> bool:
        client("elbv2").delete_listener(ListenerArn=made.id)
        return True


class Instance:
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        own = _tagged(given, tags)
        given.pop("Tags", None)
        wanted = {**given, "MinCount": 1, "MaxCount": 1}
        if own:
            wanted["TagSpecifications"] = [{"ResourceType": "instance", "Tags": own}]
        [made] = _call(client("ec2"), "run_instances", wanted)["Instances"]
        return Made(made["InstanceId"], {"PrivateIp": made["PrivateIpAddress"]})

    def missing(self, client: Client, made: Made) -> str | None:
        [told] = client("ec2").describe_instances(InstanceIds=[made.id])["Reservations"]
        return None if told["Instances"][0]["State"]["Name"] == "running" else "running"

    def delete(self, client: Client, made: Made) -> bool:
        client("ec2").terminate_instances(InstanceIds=[made.id])
        return True


class Volume(_Simple):
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        given.pop("Tags", None)
        return Made(_call(client("ec2"), "create_volume", given)["VolumeId"])

    def delete(self, client: Client, made: Made) -> bool:
        client("ec2").delete_volume(VolumeId=made.id)
        return True


class Bucket(_Simple):
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        bucket = given.get("BucketName") or name.lower()
        s3 = client("s3")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        return Made(bucket, {"Arn": f"arn:aws:s3:::{bucket}"})

    def delete(self, client: Client, made: Made) -> bool:
        client("s3").delete_bucket(Bucket=made.id)
        return True


class ScalingPolicy(_Simple):
    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        made = _call(client("autoscaling"), "put_scaling_policy", {**given, "PolicyName": name})
        return Made(made["PolicyARN"])

    def delete(self, client: Client, made: Made) -> bool:
        client("autoscaling").delete_policy(PolicyName=made.id)
        return True


class Record(_Simple):
    """A type of which nothing is kept but that it is there, and that its name is taken."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self.taken: set[str] = set()

    def make(self, client: Client, name: str, given: dict[str, Any], tags: Mapping[str, str]) -> Made:
        called = str(given.get(self._name) or name)
        if called in self.taken:
            raise RuntimeError(f"{called} already exists")
        self.taken.add(called)
        return Made(called, {"Arn": f"arn:aws:standin:::{called}"})

    def delete(self, client: Client, made: Made) -> bool:
        self.taken.discard(made.id)
        return True


def kinds() -> dict[str, Kind]:
    """Give every type, with no resource of any yet."""
    return {
        "AWS::AutoScaling::AutoScalingGroup": AutoScalingGroup(),
        "AWS::AutoScaling::ScalingPolicy": ScalingPolicy(),
        "AWS::CloudFormation::WaitConditionHandle": Record(),
        "AWS::DynamoDB::Table": Record("TableName"),
        "AWS::EC2::Instance": Instance(),
        "AWS::EC2::LaunchTemplate": LaunchTemplate(),
        "AWS::EC2::Volume": Volume(),
        "AWS::ElasticLoadBalancingV2::Listener": Listener(),
        "AWS::ElasticLoadBalancingV2::LoadBalancer": LoadBalancer(),
        "AWS::ElasticLoadBalancingV2::TargetGroup": TargetGroup(),
        "AWS::IAM::InstanceProfile": Record("InstanceProfileName"),
        "AWS::IAM::Role": Record("RoleName"),
        "AWS::RDS::DBInstance": Record("DBInstanceIdentifier"),
        "AWS::Route53::RecordSet": Record("Name"),
        "AWS::S3::Bucket": Bucket(),
        "AWS::SNS::Topic": Record("TopicName"),
        "AWS::SQS::Queue": Record("QueueName"),
    }


# What GetTemplateSummary says identifies a resource of a type (API reference, ResourceIdentifierSummary).
IDENTIFIERS = {
    "AWS::AutoScaling::AutoScalingGroup": ["AutoScalingGroupName"],
    "AWS::DynamoDB::Table": ["TableName"],
    "AWS::EC2::Instance": ["InstanceId"],
    "AWS::EC2::LaunchTemplate": ["LaunchTemplateId"],
    "AWS::EC2::Volume": ["VolumeId"],
    "AWS::ElasticLoadBalancingV2::Listener": ["ListenerArn"],
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ["LoadBalancerArn"],
    "AWS::ElasticLoadBalancingV2::TargetGroup": ["TargetGroupArn"],
    "AWS::IAM::InstanceProfile": ["InstanceProfileName"],
    "AWS::IAM::Role": ["RoleName"],
    "AWS::RDS::DBInstance": ["DBInstanceIdentifier"],
    "AWS::S3::Bucket": ["BucketName"],
    "AWS::SNS::Topic": ["TopicArn"],
    "AWS::SQS::Queue": ["QueueUrl"],
}


def made_up(stack: str, logical_id: str) -> str:
    """Make a name up."""
    letters = string.ascii_uppercase + string.digits
    return f"{stack}-{logical_id}-{''.join(random.choices(letters, k=12))}"  # noqa: S311


def _short(name: str) -> str:
    stem, _, letters = name.rpartition("-")
    return f"{stem[: 31 - len(letters)].rstrip('-')}-{letters}"


def _tagged(given: Mapping[str, Any], tags: Mapping[str, str]) -> list[dict[str, str]]:
    merged = {**tags, **{each["Key"]: each["Value"] for each in given.get("Tags", [])}}
    return [{"Key": key, "Value": value} for key, value in merged.items()]


def _call(client: Any, operation: str, given: Mapping[str, Any]) -> Any:
    name = client.meta.method_to_api_mapping[operation]
    # What a template leaves empty counts as absent, and the API takes no empty list of tags.
    given = {key: value for key, value in given.items() if value != []}
    return getattr(client, operation)(
        **_fitted(client.meta.service_model.operation_model(name).input_shape, given)
    )


def _fitted(shape: Any, value: Any) -> Any:
    """Give *value* as the API's model has it: templates write numbers as texts, and texts as numbers."""
    if shape.type_name == "structure":
        return {
            key: _fitted(shape.members[key], each) if key in shape.members else each
            for key, each in value.items()
        }
    if shape.type_name == "list":
        return [_fitted(shape.member, each) for each in value]
    if shape.type_name in {"integer", "long"}:
        return int(value)
    if shape.type_name == "boolean":
        return str(value).lower() == "true"
    if shape.type_name == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value
