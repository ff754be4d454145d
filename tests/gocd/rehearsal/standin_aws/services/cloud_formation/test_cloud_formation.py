"""Stacks take time, tell of every resource, and fail as AWS's do; what comes up in them answers."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually, in_time
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.cloud_formation.fleet import FLEET

HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {}}


@pytest.fixture
def stacks(cloud: World) -> Any:
    return cloud.client("cloudformation")


def template(**parts: Any) -> str:
    return json.dumps({"Resources": {"Handle": HANDLE}, **parts})


def status(cloud: World, name: str) -> str:
    [stack] = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return str(stack["StackStatus"])


def ends(cloud: World, name: str, wanted: str) -> list[str]:
    return in_time(cloud, lambda: status(cloud, name), wanted)


def fleet(cloud: World, image: str) -> dict[str, Any]:
    values = {"Image": image, "Subnets": cloud.network.subnet("eu-west-1a"), "Network": cloud.network.vpc}
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    secret = {"ParameterKey": "Password", "ParameterValue": "hush"}
    return {"StackName": "blue", "TemplateBody": FLEET, "Parameters": [*given, secret]}


def test_what_a_stack_launches_runs_what_its_image_holds(cloud: World, stacks: Any) -> None:
    stacks.create_stack(**fleet(cloud, cloud.machine_image("web", SERVICE)))

    assert ends(cloud, "blue", "CREATE_COMPLETE")[0] == "CREATE_IN_PROGRESS"
    [stack] = stacks.describe_stacks(StackName="blue")["Stacks"]
    group = stack["Outputs"][0]["OutputValue"]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}[
        "Password"
    ] == "****"
    eventually(lambda: [each.name for each in cloud.parts.instances], [group])
    kinds = [
        each["ResourceType"]
        for each in stacks.list_stack_resources(StackName="blue")["StackResourceSummaries"]
    ]
    assert len(kinds) == 3
    events = stacks.describe_stack_events(StackName="blue")["StackEvents"]
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE"
    assert events[-1]["ResourceStatusReason"] == "User Initiated"

    stacks.delete_stack(StackName="blue")
    in_time(cloud, lambda: status(cloud, stack["StackId"]), "DELETE_COMPLETE")
    assert not cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    with pytest.raises(ClientError, match="Stack with id blue does not exist"):
        stacks.describe_stacks(StackName="blue")


@pytest.mark.parametrize(
    ("on_failure", "end"),
    [("DO_NOTHING", "CREATE_FAILED"), ("ROLLBACK", "ROLLBACK_COMPLETE"), ("DELETE", "DELETE_COMPLETE")],
)
def test_a_resource_that_fails_fails_its_stack(cloud: World, stacks: Any, on_failure: str, end: str) -> None:
    image = cloud.machine_image("web", SERVICE)
    cloud.client("ec2").deregister_image(ImageId=image)
    made = stacks.create_stack(**fleet(cloud, image), OnFailure=on_failure)["StackId"]

    ends(cloud, made, end)
    events = stacks.describe_stack_events(StackName=made)["StackEvents"]
    failed = [each for each in reversed(events) if each["ResourceStatus"] == "CREATE_FAILED"]
    assert failed[0]["LogicalResourceId"] == "Fleet"
    assert "Failed Scaling Activity: The image id" in failed[0]["ResourceStatusReason"]
    left = {
        each["ResourceStatus"]
        for each in stacks.list_stack_resources(StackName=made)["StackResourceSummaries"]
    }
    assert left == (
        {"CREATE_COMPLETE", "CREATE_FAILED"} if on_failure == "DO_NOTHING" else {"DELETE_COMPLETE"}
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"TemplateBody": template() + " " * 51_200}, "less than or equal to 51200"),
        ({"TemplateBody": template(), "StackName": "1st"}, "regular expression"),
        ({"TemplateBody": template(Resources={"Role": ROLE})}, r"Requires capabilities : \[CAPABILITY_IAM\]"),
        (
            {"TemplateBody": template(Resources={"X": {"Type": "AWS::No::Such"}})},
            "Unrecognized resource types",
        ),
        ({"TemplateBody": template(Parameters={"Key": {"Type": "String"}})}, r"\[Key\] must have values"),
        (
            {
                "TemplateBody": template(Parameters={"Key": {"Type": "String"}}),
                "Parameters": [{"ParameterKey": "Key", "UsePreviousValue": True}],
            },
            "Cannot specify usePreviousValue",
        ),
        ({"TemplateBody": template(), "OnFailure": "DELETE", "DisableRollback": True}, "Only one of"),
        ({"TemplateBody": template(), "Tags": [{"Key": "aws:cloudformation:x", "Value": "y"}]}, "reserved"),
        ({"TemplateURL": "https://none.s3.eu-west-1.amazonaws.com/template"}, "S3 error"),
    ],
)
def test_what_aws_refuses_makes_no_stack(
    cloud: World, stacks: Any, asked: Mapping[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=words):
        stacks.create_stack(**{"StackName": "blue", **asked})

    assert stacks.describe_stacks()["Stacks"] == []


def test_a_call_repeated_with_its_token_is_the_same_stack(stacks: Any) -> None:
    asked = {"StackName": "blue", "TemplateBody": template()}
    made = stacks.create_stack(**asked, ClientRequestToken="one")["StackId"]

    assert stacks.create_stack(**asked, ClientRequestToken="one")["StackId"] == made
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        stacks.create_stack(**asked, ClientRequestToken="two")


def test_an_export_is_one_stacks_and_holds_it_while_another_imports_it(cloud: World, stacks: Any) -> None:
    exported = template(Outputs={"Out": {"Value": "here", "Export": {"Name": "place"}}})
    stacks.create_stack(StackName="base", TemplateBody=exported)
    ends(cloud, "base", "CREATE_COMPLETE")
    stacks.create_stack(StackName="twin", TemplateBody=exported)
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::ImportValue": "place"}}}
    stacks.create_stack(StackName="user", TemplateBody=template(Resources={"Table": table}))

    ends(cloud, "user", "CREATE_COMPLETE")
    ends(cloud, "twin", "ROLLBACK_COMPLETE")
    stacks.delete_stack(StackName="base")
    ends(cloud, "base", "DELETE_FAILED")
    assert stacks.list_imports(ExportName="place")["Imports"] == ["user"]


def test_a_protected_stack_is_not_deleted_and_what_is_retained_stays(cloud: World, stacks: Any) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "kept"}}
    stacks.create_stack(
        StackName="blue",
        TemplateBody=template(Resources={"Bucket": bucket}),
        EnableTerminationProtection=True,
    )
    ends(cloud, "blue", "CREATE_COMPLETE")
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        stacks.delete_stack(StackName="blue")
    stacks.update_termination_protection(StackName="blue", EnableTerminationProtection=False)
    made = stacks.describe_stacks(StackName="blue")["Stacks"][0]["StackId"]
    stacks.delete_stack(StackName="blue")
    in_time(cloud, lambda: status(cloud, made), "DELETE_COMPLETE")

    assert [each["Name"] for each in cloud.client("s3").list_buckets()["Buckets"]] == ["kept"]
