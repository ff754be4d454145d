"""An Auto Scaling group cloned by the real command line: all that it has, and nobody sent to it."""

from typing import Any

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.iam_policy import Narrowed, iam_policy
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import ASKED, blue_group, group, target_group
from tests.tasks.retire_environment.retiring import share

pytestmark = pytest.mark.end_to_end

SAME = (
    *("MaxSize", "HealthCheckType", "HealthCheckGracePeriod", "VPCZoneIdentifier", "TerminationPolicies"),
    *("DefaultInstanceWarmup", "InstanceMaintenancePolicy", "DefaultCooldown", "DeletionProtection"),
)
ADVICE = "To be rid of it: gocd-tasks retire-environment group:green --keep-for 0"


def furnish(cloud: World, arn: str) -> None:
    """Give blue a little of all that a group can have."""
    scaling, elb = cloud.client("autoscaling"), cloud.client("elbv2")
    scaling.update_auto_scaling_group(
        AutoScalingGroupName="blue",
        MinSize=1,
        DefaultInstanceWarmup=20,
        InstanceMaintenancePolicy={"MinHealthyPercentage": 90, "MaxHealthyPercentage": 110},
        DeletionProtection="prevent-force-deletion",
    )
    scaling.put_lifecycle_hook(
        AutoScalingGroupName="blue",
        LifecycleHookName="warm",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        HeartbeatTimeout=30,
        DefaultResult="CONTINUE",
    )
    for name, metric in {
        "cpu": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
        "requests": {
            "PredefinedMetricType": "ALBRequestCountPerTarget",
            "ResourceLabel": f"app/blue-lb/1/{arn.rpartition(':')[2]}",
        },
    }.items():
        scaling.put_scaling_policy(
            AutoScalingGroupName="blue",
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration={"TargetValue": 50.0, "PredefinedMetricSpecification": metric},
        )
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName="blue", ScheduledActionName="night", Recurrence="0 1 * * *", MinSize=1
    )
    scaling.put_notification_configuration(
        AutoScalingGroupName="blue",
        TopicARN="arn:aws:sns:eu-west-1:123456789012:ops",
        NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"],
    )
    scaling.suspend_processes(AutoScalingGroupName="blue", ScalingProcesses=["AZRebalance"])
    usual = {"Key": "gocd-tasks:usual-min-size", "Value": "0", "PropagateAtLaunch": False}
    scaling.create_or_update_tags(
        Tags=[{**usual, "ResourceId": "blue", "ResourceType": "auto-scaling-group"}]
    )
    elb.modify_target_group_attributes(
        TargetGroupArn=arn,
        Attributes=[{"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"}],
    )
    elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "team", "Value": "web"}])


def test_a_group_is_cloned_with_all_that_it_has_and_nobody_is_sent_to_it(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    blue = blue_group(cloud, sample, size=2)
    furnish(cloud, blue.arn)

    done = gocd_tasks("clone-environment", "blue", "--name", "green", *ASKED, "--version", "1.0")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "next: gocd-tasks switch-traffic green --load-balancer LB"
    assert "green: queues, timers and jobs of its software run from its start, beside blue's" in lines
    assert any("policy requests follows the requests per target of a group that no load" in e for e in lines)
    one, two = group(cloud, "blue"), group(cloud, "green")
    assert {name: two.get(name) for name in SAME} == {name: one.get(name) for name in SAME}
    assert (two["MinSize"], two["DesiredCapacity"]) == (2, 2)
    assert two["LaunchTemplate"]["Version"] == "1"
    assert [each["ProcessName"] for each in two["SuspendedProcesses"]] == ["AZRebalance"]
    own = target_group(cloud, "green")
    assert two["TargetGroupARNs"] == [own["TargetGroupArn"]]
    assert own["LoadBalancerArns"] == []
    assert_beside(cloud, own["TargetGroupArn"], blue.arn)
    tags = {each["Key"]: each["Value"] for each in two["Tags"]}
    # Not what blue has while it is held at its size.
    assert (tags["Name"], tags["gocd-tasks:usual-min-size"]) == ("green", "0")

    cloud.journal.clear()
    again = gocd_tasks("clone-environment", "blue", "--name", "green", *ASKED, "--version", "1.0")

    assert again.returncode == 0, again.stderr
    changes = {call.operation for call in cloud.journal.calls} - {"GetParameter"}
    assert not [each for each in changes if not each.startswith(("Describe", "Get", "List"))]


def test_alarms_that_call_a_policy_call_the_clones_own(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    blue = blue_group(cloud, sample)
    scaling, watch = cloud.client("autoscaling"), cloud.client("cloudwatch")
    told = scaling.put_scaling_policy(
        AutoScalingGroupName="blue",
        PolicyName="grow",
        PolicyType="StepScaling",
        AdjustmentType="ChangeInCapacity",
        StepAdjustments=[{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
    )
    topic = "arn:aws:sns:eu-west-1:123456789012:ops"
    common: dict[str, Any] = {
        "AlarmActions": [told["PolicyARN"], topic],
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 2,
        "Period": 60,
        "Statistic": "Average",
        "Threshold": 0.0,
    }
    own = [{"Name": "AutoScalingGroupName", "Value": "blue"}]
    cpu = {"MetricName": "CPUUtilization", "Namespace": "AWS/EC2", "Dimensions": own}
    watch.put_metric_alarm(AlarmName="cpu of blue", **common, **cpu)
    behind = [
        {"Name": "LoadBalancer", "Value": blue.load_balancer_arn.partition(":loadbalancer/")[2]},
        {"Name": "TargetGroup", "Value": blue.arn.rpartition(":")[2]},
    ]
    requests = {"MetricName": "RequestCount", "Namespace": "AWS/ApplicationELB", "Dimensions": behind}
    watch.put_metric_alarm(AlarmName="busy", **common, **requests)
    queue = {"MetricName": "Jobs", "Namespace": "Ours"}
    watch.put_metric_alarm(AlarmName="jobs", **common, **queue)
    watch.put_metric_alarm(AlarmName="jobs-green", **common | {"AlarmActions": [topic]}, **queue)
    cloud.faults.allow_only(iam_policy(["clone-environment"], Narrowed("releases", regions=["eu-west-1"])))
    done = gocd_tasks("clone-environment", "blue", "--name", "green")

    assert done.returncode == 0, done.stderr
    assert "green: there is an alarm jobs-green, which is no clone of jobs" in done.stdout
    assert "green: alarm busy is about a target group that no load balancer sends to yet" in done.stdout
    found = {each["AlarmName"]: each for each in watch.describe_alarms()["MetricAlarms"]}
    assert sorted(found) == ["busy", "cpu of blue", "cpu of green", "jobs", "jobs-green"]
    made, source = found["cpu of green"], found["cpu of blue"]
    assert made["Dimensions"] == [{"Name": "AutoScalingGroupName", "Value": "green"}]
    [policy] = scaling.describe_policies(AutoScalingGroupName="green")["ScalingPolicies"]
    assert made["AlarmActions"] == [policy["PolicyARN"], topic]
    same = ("ComparisonOperator", "EvaluationPeriods", "Period", "Statistic", "Threshold", "ActionsEnabled")
    assert {name: made[name] for name in same} == {name: source[name] for name in same}
    share(cloud, blue, blue=1, green=0)
    again = gocd_tasks("clone-environment", "blue", "--name", "green")
    assert again.returncode == 0, again.stderr
    assert "green: alarm busy-green" in again.stdout
    [busy] = watch.describe_alarms(AlarmNames=["busy-green"])["MetricAlarms"]
    group_tail = target_group(cloud, "green")["TargetGroupArn"].rpartition(":")[2]
    assert [each["Value"] for each in busy["Dimensions"]] == [behind[0]["Value"], group_tail]
    third = gocd_tasks("clone-environment", "blue", "--name", "green").stdout
    assert [each for each in third.splitlines() if "alarm" in each and "jobs" not in each] == []


def assert_beside(cloud: World, own: str, source: str) -> None:
    """All that is beside a group is green's as well, and its target group is set as blue's."""
    scaling, elb = cloud.client("autoscaling"), cloud.client("elbv2")
    told = scaling.describe_policies(AutoScalingGroupName="green")["ScalingPolicies"]
    assert [each["PolicyName"] for each in told] == ["cpu"]
    hooks = scaling.describe_lifecycle_hooks(AutoScalingGroupName="green")["LifecycleHooks"]
    assert [(each["LifecycleHookName"], each["HeartbeatTimeout"]) for each in hooks] == [("warm", 30)]
    actions = scaling.describe_scheduled_actions(AutoScalingGroupName="green")
    assert [each["Recurrence"] for each in actions["ScheduledUpdateGroupActions"]] == ["0 1 * * *"]
    told = scaling.describe_notification_configurations(AutoScalingGroupNames=["green"])
    assert len(told["NotificationConfigurations"]) == 1

    def attributes(arn: str) -> Any:
        return elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]

    assert attributes(own) == attributes(source)
    [tags] = elb.describe_tags(ResourceArns=[own])["TagDescriptions"]
    assert {"Key": "team", "Value": "web"} in tags["Tags"]


def test_a_dry_run_shows_the_plan_and_makes_nothing(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    blue_group(cloud, sample)
    done = gocd_tasks("clone-environment", "group:blue", "--name", "green", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "green: a target group as blue is, which no load balancer sends to yet",
        "green: an Auto Scaling group as blue is, of 1 instance at least",
    ]
    assert group(cloud, "green") is None
    assert target_group(cloud, "green") is None


@pytest.mark.parametrize("on_failure", ["keep", "delete"])
def test_a_group_whose_launches_fail_says_why_and_stays_or_goes(
    cloud: World, gocd_tasks: CommandLine, sample: Service, on_failure: str
) -> None:
    blue_group(cloud, sample)
    for image in list(cloud.parts.images):
        cloud.client("ec2").deregister_image(ImageId=image)
    words = ("clone-environment", "blue", "--name", "green", "--timeout", "20")
    done = gocd_tasks(*words, "--on-failure", on_failure)

    assert done.returncode == 3
    [error] = done.stderr.splitlines()
    assert "green: 0 of 1 in service (The image id" in error
    if on_failure == "keep":
        assert "what was made of green stays, and nobody is sent to it. To go on: gocd-tasks clone" in error
        assert ADVICE in error
    else:
        assert "green was deleted again" in error
    assert (group(cloud, "green") is None) is (on_failure == "delete")
    assert (target_group(cloud, "green") is None) is (on_failure == "delete")


def test_a_clone_that_answers_another_version_is_not_well(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    blue_group(cloud, sample)
    words = ("clone-environment", "blue", "--name", "green", "--version", "2.0", "--status-timeout", "5")
    done = gocd_tasks(*words, *ASKED)

    assert done.returncode == 3
    assert (
        "answers version 1.0, not 2.0; what was made of green stays, and nobody is sent to it" in done.stderr
    )


def taken_by_a_group(cloud: World, sample: Service) -> None:
    cloud.auto_scaling_group("green", size=0, max_size=1, service=sample)


def taken_by_a_target_group(cloud: World, sample: Service) -> None:
    cloud.target_group("green", wait=False)


@pytest.mark.parametrize(
    ("prepare", "words", "reason"),
    [
        (
            taken_by_a_group,
            ("blue", "--name", "green"),
            "an Auto Scaling group green, which is no clone of blue",
        ),
        (
            taken_by_a_target_group,
            ("blue", "--name", "green"),
            "a target group green, which is no clone of blue",
        ),
        (None, ("blue", "--name", "blue"), "blue is what blue itself is called"),
        (None, ("blue", "--name", "green_1"), "green_1 cannot be the name of a target group"),
        (None, ("blue", "--name", "green", "--parameter", "A=B"), "has no parameters"),
        (None, ("grey", "--name", "green"), "no stack or Auto Scaling group is called grey"),
        (None, ("stack:blue", "--name", "green"), "no stack is called blue"),
    ],
)
def test_what_cannot_be_cloned_is_refused_and_nothing_is_changed(
    cloud: World, gocd_tasks: CommandLine, sample: Service, prepare: Any, words: tuple[str, ...], reason: str
) -> None:
    blue_group(cloud, sample)
    if prepare:
        prepare(cloud, sample)
    cloud.journal.clear()
    done = gocd_tasks("clone-environment", *words)

    assert done.returncode == 2
    assert reason in done.stderr
    assert "nothing was changed" in done.stderr
    assert not [
        each for each in cloud.journal.calls if not each.operation.startswith(("Describe", "Get", "List"))
    ]
