"""What a group was told is told back, and is that group's alone; one with instances is not deleted."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time

SETTINGS: dict[str, Any] = {
    "DefaultInstanceWarmup": 30,
    "InstanceMaintenancePolicy": {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 120},
    "MaxInstanceLifetime": 86_400,
    "DeletionProtection": "prevent-force-deletion",
}
HOOK = {
    "LifecycleHookName": "drain",
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    "HeartbeatTimeout": 60,
}


@pytest.fixture
def scaling(cloud: World) -> Any:
    return cloud.client("autoscaling")


def create(cloud: World, name: str, size: int = 0, **more: Any) -> None:
    ec2, scaling = cloud.client("ec2"), cloud.client("autoscaling")
    image = ec2.register_image(Name=name)["ImageId"]
    ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateName": name},
        MinSize=size,
        MaxSize=max(1, size),
        VPCZoneIdentifier=cloud.network.subnet("eu-west-1a"),
        **more,
    )


def described(scaling: Any, name: str) -> Any:
    return scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


def test_what_it_was_told_is_told_back(cloud: World, scaling: Any) -> None:
    create(cloud, "blue", **SETTINGS, LifecycleHookSpecificationList=[HOOK])

    assert {name: described(scaling, "blue")[name] for name in SETTINGS} == SETTINGS
    [hook] = scaling.describe_lifecycle_hooks(AutoScalingGroupName="blue")["LifecycleHooks"]
    assert hook["HeartbeatTimeout"] == 60
    assert "RoleARN" not in hook


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"TargetGroupARNs": ["arn:aws:elasticloadbalancing:x:1:targetgroup/no/1"]},
            "Target Groups may not be",
        ),
        ({"Tags": [{"Key": "aws:cloudformation:stack-name", "Value": "x"}]}, "reserved"),
    ],
)
def test_what_aws_refuses_makes_no_group(cloud: World, scaling: Any, more: Any, words: str) -> None:
    with pytest.raises(ClientError, match=words):
        create(cloud, "blue", **more)

    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_policies_and_schedules_of_one_name_are_each_groups_own(cloud: World, scaling: Any) -> None:
    for name, size in (("blue", 2), ("green", 3)):
        create(cloud, name)
        scaling.put_scaling_policy(
            AutoScalingGroupName=name,
            PolicyName="grow",
            AdjustmentType="ExactCapacity",
            ScalingAdjustment=size,
        )
        scaling.put_scheduled_update_group_action(
            AutoScalingGroupName=name, ScheduledActionName="night", Recurrence="0 1 * * *", MinSize=size
        )

    [policy] = scaling.describe_policies(AutoScalingGroupName="blue")["ScalingPolicies"]
    assert policy["ScalingAdjustment"] == 2
    [action] = scaling.describe_scheduled_actions(AutoScalingGroupName="blue")["ScheduledUpdateGroupActions"]
    assert action["MinSize"] == 2
    scaling.delete_scheduled_action(AutoScalingGroupName="blue", ScheduledActionName="night")
    scaling.delete_policy(AutoScalingGroupName="blue", PolicyName="grow")
    assert len(scaling.describe_policies()["ScalingPolicies"]) == 1
    assert len(scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]) == 1


def test_a_policy_tracks_requests_of_the_groups_own_target_group_alone(cloud: World, scaling: Any) -> None:
    mine, other = cloud.target_group("mine", wait=False), cloud.target_group("other", wait=False)
    create(cloud, "blue", TargetGroupARNs=[mine.arn])

    def track(arn: str) -> Any:
        label = f"app/x/1/{arn.rpartition(':')[2]}"
        metric = {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": label}
        return scaling.put_scaling_policy(
            AutoScalingGroupName="blue",
            PolicyName="track",
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={"TargetValue": 10.0, "PredefinedMetricSpecification": metric},
        )

    with pytest.raises(ClientError, match="not attached"):
        track(other.arn)
    assert len(track(mine.arn)["Alarms"]) == 2


def test_who_is_told_of_instances_is_told_back(cloud: World, scaling: Any) -> None:
    create(cloud, "blue")
    kinds = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"]
    scaling.put_notification_configuration(
        AutoScalingGroupName="blue", TopicARN="arn:aws:sns:x:1:ops", NotificationTypes=kinds
    )

    told = scaling.describe_notification_configurations(AutoScalingGroupNames=["blue"])
    assert [each["NotificationType"] for each in told["NotificationConfigurations"]] == kinds


def test_a_group_with_instances_is_deleted_only_by_force_and_only_if_not_protected(
    cloud: World, scaling: Any
) -> None:
    create(cloud, "blue", 1, DeletionProtection="prevent-force-deletion")
    in_time(
        cloud, lambda: [e["LifecycleState"] for e in described(scaling, "blue")["Instances"]], ["InService"]
    )

    with pytest.raises(ClientError, match="ResourceInUse"):
        scaling.delete_auto_scaling_group(AutoScalingGroupName="blue")
    with pytest.raises(ClientError, match="protected"):
        scaling.delete_auto_scaling_group(AutoScalingGroupName="blue", ForceDelete=True)
    scaling.update_auto_scaling_group(AutoScalingGroupName="blue", DeletionProtection="none")
    scaling.delete_auto_scaling_group(AutoScalingGroupName="blue", ForceDelete=True)
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_launch_from_an_image_that_is_gone_is_told_of_and_tried_again(cloud: World, scaling: Any) -> None:
    create(cloud, "blue")
    version = cloud.client("ec2").describe_launch_template_versions(LaunchTemplateName="blue")
    image = version["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"]
    cloud.client("ec2").deregister_image(ImageId=image)
    scaling.set_desired_capacity(AutoScalingGroupName="blue", DesiredCapacity=1)

    def failed() -> list[str]:
        told = scaling.describe_scaling_activities(AutoScalingGroupName="blue")["Activities"]
        return [each["StatusCode"] for each in told]

    in_time(cloud, failed, ["Failed"])
    cloud.let_pass(61)
    in_time(cloud, failed, ["Failed", "Failed"])


def test_a_member_says_what_it_was_launched_from(cloud: World, scaling: Any) -> None:
    create(cloud, "blue", 1)
    ec2 = cloud.client("ec2")
    ec2.create_launch_template_version(
        LaunchTemplateName="blue", SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )
    ec2.modify_launch_template(LaunchTemplateName="blue", DefaultVersion="2")

    [member] = described(scaling, "blue")["Instances"]
    assert member["LaunchTemplate"]["Version"] == "1"
