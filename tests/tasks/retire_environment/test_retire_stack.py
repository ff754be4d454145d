"""A stack retired by the real command line; what it holds, exports and sends is looked at first."""

import json
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.services.cloud_formation.fleet import FLEET
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import (
    blue_stack,
    described,
    group,
    stack,
    target_group,
)
from tests.tasks.retire_environment.retiring import share, shares

pytestmark = pytest.mark.end_to_end

NOW = ("retire-environment", "blue", "--keep-for", "0")
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def text(resources: Any, **parts: Any) -> str:
    return json.dumps({"Resources": resources, **parts})


def test_a_stack_that_nobody_is_led_to_goes_out_of_its_rule_first(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    blue_stack(cloud, sample)
    [made] = cloud.client("elbv2").describe_target_groups()["TargetGroups"]
    front = cloud.target_group("green", wait=False)
    share(cloud, front, **{made["TargetGroupName"]: 1, "green": 1})
    cloud.journal.clear()
    refused = gocd_tasks(*NOW)

    assert refused.returncode == 2
    assert f"blue serves: HTTP:80 of green-lb sends requests to {made['TargetGroupName']}" in refused.stderr
    share(cloud, front, **{made["TargetGroupName"]: 0, "green": 1})
    done = gocd_tasks(*NOW)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert f"blue: takes {made['TargetGroupName']}, at weight 0, out of HTTP:80 of green-lb" in lines
    assert "blue: deletes the stack with all that is in it" in lines
    assert list(shares(cloud, front)) == ["green"]
    assert cloud.client("cloudformation").describe_stacks()["Stacks"] == []
    assert cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    again = gocd_tasks(*NOW)
    assert again.returncode == 0, again.stderr
    assert "blue: gone already; nothing to do" in again.stdout
    assert group(cloud, "blue") is None
    assert target_group(cloud, made["TargetGroupName"]) is None


BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "orders"}}
KEPT = {"Kept": {**BUCKET, "DeletionPolicy": "Retain"}, "Handle": HANDLE}


def test_what_a_stack_holds_is_not_lost_unasked_and_what_stays_is_said(
    cloud: World, gocd_tasks: CommandLine
) -> None:
    stack(cloud, "blue", text({"Orders": BUCKET}))
    refused = gocd_tasks(*NOW)
    assert refused.returncode == 2
    assert "what blue holds would be lost with it: Orders (AWS::S3::Bucket)" in refused.stderr
    cloud.client("s3").put_object(Bucket="orders", Key="one", Body=b"1")
    failed = gocd_tasks(*NOW, "--delete-state")
    assert failed.returncode == 1
    assert "blue is DELETE_FAILED: Orders (AWS::S3::Bucket) failed:" in failed.stderr
    cloud.client("s3").delete_object(Bucket="orders", Key="one")
    assert gocd_tasks(*NOW, "--delete-state").returncode == 0

    stack(cloud, "blue", text(KEPT))
    done = gocd_tasks(*NOW)
    assert done.returncode == 0, done.stderr
    assert "blue: Kept (AWS::S3::Bucket) stays" in done.stdout
    assert [each["Name"] for each in cloud.client("s3").list_buckets()["Buckets"]] == ["orders"]


def test_a_stack_that_is_protected_or_imported_from_is_refused(cloud: World, gocd_tasks: CommandLine) -> None:
    export = {"Outputs": {"Out": {"Value": "here", "Export": {"Name": "place"}}}}
    stack(cloud, "blue", text({"Handle": HANDLE}, **export), EnableTerminationProtection=True)
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::ImportValue": "place"}}}
    stack(cloud, "user", text({"Table": table}))
    refused = gocd_tasks(*NOW)
    assert refused.returncode == 2
    assert "blue is protected from termination; nothing was changed" in refused.stderr
    cloud.client("cloudformation").update_termination_protection(
        StackName="blue", EnableTerminationProtection=False
    )
    refused = gocd_tasks(*NOW)

    assert refused.returncode == 2
    assert "other stacks import what blue exports: place by user" in refused.stderr
    assert described(cloud, "blue")["StackStatus"] == "CREATE_COMPLETE"


def test_a_clone_that_failed_is_got_rid_of(cloud: World, gocd_tasks: CommandLine) -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}}
    stack(cloud, "blue", text({"News": topic}))
    failed = gocd_tasks("clone-environment", "blue", "--name", "green", "--allow-fixed-names")
    assert failed.returncode == 1
    done = gocd_tasks("retire-environment", "stack:green", "--keep-for", "0")

    assert done.returncode == 0, done.stderr
    assert [e["StackName"] for e in cloud.client("cloudformation").describe_stacks()["Stacks"]] == ["blue"]


FRONT = """
  Front:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Subnets: !Ref Subnets, Type: application}
  Door:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Front
      Port: 80
      Protocol: HTTP
      DefaultActions: [{Type: forward, TargetGroupArn: !Ref Targets}]
"""


def alias(cloud: World, action: str, zone: str, name: str) -> None:
    target = {
        "HostedZoneId": "Z32O12XQLNTSW2",
        "DNSName": f"dualstack.{name}.",
        "EvaluateTargetHealth": False,
    }
    record: Any = {"Name": "web.example.com", "Type": "A", "AliasTarget": target}
    cloud.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    )


def test_a_stack_with_a_load_balancer_of_its_own_is_healthy_there_and_goes_once_no_record_leads_to_it(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    blue_stack(cloud, sample, FLEET + FRONT)
    words = ("clone-environment", "blue", "--name", "green")
    made = gocd_tasks(*words, GOCD_TASKS_PARAMETER_PASSWORD="second-hush")
    assert made.returncode == 0, made.stderr
    assert "nobody checks its targets" not in made.stdout
    elb = cloud.client("elbv2")
    for each in elb.describe_target_groups()["TargetGroups"]:
        told = elb.describe_target_health(TargetGroupArn=each["TargetGroupArn"])
        states = [one["TargetHealth"]["State"] for one in told["TargetHealthDescriptions"]]
        assert states == ["healthy"] or "blue" in each["TargetGroupName"]
    [front] = [e for e in elb.describe_load_balancers()["LoadBalancers"] if "blue" in e["LoadBalancerName"]]
    zone = cloud.client("route53").create_hosted_zone(Name="example.com", CallerReference="one")
    zone_id = zone["HostedZone"]["Id"]
    alias(cloud, "CREATE", zone_id, front["DNSName"])
    refused = gocd_tasks(*NOW)

    assert refused.returncode == 2
    assert "blue serves: the record web.example.com A (all of it) leads to it" in refused.stderr
    alias(cloud, "DELETE", zone_id, front["DNSName"])
    done = gocd_tasks(*NOW)

    assert done.returncode == 0, done.stderr
    assert [each["LoadBalancerName"][:5] for each in elb.describe_load_balancers()["LoadBalancers"]] == [
        "green"
    ]
