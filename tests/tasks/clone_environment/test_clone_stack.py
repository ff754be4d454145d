"""A stack cloned by the real command line: its template as it is, parameters, secrets, what is refused."""

import json
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.iam_policy import Narrowed, iam_policy
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import (
    ASKED,
    blue_group,
    blue_stack,
    described,
    group,
    stack,
    target_group,
)
from tests.tasks.clone_environment.test_clone_group import furnish

pytestmark = pytest.mark.end_to_end

# What AWS asks for in the caller's name, and what only some groups, stacks and failures need.
SELDOM = {
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:EnableMetricsCollection",
    "autoscaling:PutLifecycleHook",
    "autoscaling:PutWarmPool",
    "cloudformation:DescribeStackEvents",
    # Where an alarm calls a policy, as a test of its own shows.
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutMetricAlarm",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateTerminationProtection",
    "ec2:CreateTags",
    "ec2:RunInstances",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:DescribeTargetHealth",
    "s3:AbortMultipartUpload",
}

SECRET = {"GOCD_TASKS_PARAMETER_PASSWORD": "second-hush"}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def text(resources: Any, **parts: Any) -> str:
    return json.dumps({"Resources": resources, **parts})


def looks_only(cloud: World) -> bool:
    return all(call.operation.startswith(("Describe", "Get", "List")) for call in cloud.journal.calls)


def stacks(cloud: World) -> list[str]:
    return [each["StackName"] for each in cloud.client("cloudformation").describe_stacks()["Stacks"]]


def test_a_stack_is_cloned_with_another_image_and_answers_its_version(
    cloud: World, gocd_tasks: CommandLine, sample: Service, second: Service
) -> None:
    blue = blue_stack(cloud, sample, Tags=[{"Key": "team", "Value": "web"}], EnableTerminationProtection=True)
    image = cloud.machine_image("web-2.0", second)
    words = ("clone-environment", "blue", "--name", "green", "--parameter", f"Image={image}")
    done = gocd_tasks(*words, *ASKED, "--version", "2.0", **SECRET)

    assert done.returncode == 0, done.stderr
    assert "hush" not in done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert f"green: parameter Image is {image}" in lines
    assert "green: parameter Password is what nobody is told" in lines
    assert any("answers 200, version 2.0 after" in each for each in lines), lines
    green = described(cloud, "green")
    tags = {each["Key"]: each["Value"] for each in green["Tags"]}
    assert tags == {"team": "web", "gocd-tasks:clone-of": blue}
    assert green["EnableTerminationProtection"]
    # What fails stays for a look, unless it is told to go.
    assert green["DisableRollback"]

    cloud.journal.clear()
    again = gocd_tasks(*words, *ASKED, "--version", "2.0", **SECRET)

    assert again.returncode == 0, again.stderr
    assert "green: is there, a clone of blue, CREATE_COMPLETE" in again.stdout
    assert looks_only(cloud)
    other = gocd_tasks(*words[:-1], "Image=ami-other", **SECRET)
    assert other.returncode == 2
    assert f"green is there already, with Image {image}, not ami-other" in other.stderr


def test_a_dry_run_shows_the_plan_and_makes_nothing(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    blue_stack(cloud, sample)
    cloud.journal.clear()
    done = gocd_tasks("clone-environment", "stack:blue", "--name", "green", "--dry-run", **SECRET)

    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first == "green: a stack from the template and the parameters of blue"
    assert looks_only(cloud)


@pytest.mark.parametrize("on_failure", ["keep", "delete"])
def test_a_stack_that_fails_names_the_first_resource_and_aws_reason(
    cloud: World, gocd_tasks: CommandLine, sample: Service, on_failure: str
) -> None:
    blue_stack(cloud, sample)
    image = cloud.machine_image("web-2.0", sample)
    cloud.client("ec2").deregister_image(ImageId=image)
    words = ("clone-environment", "blue", "--name", "green", "--parameter", f"Image={image}")
    done = gocd_tasks(*words, "--on-failure", on_failure, **SECRET)

    assert done.returncode == 1
    [error] = done.stderr.splitlines()
    assert "green: Fleet (AWS::AutoScaling::AutoScalingGroup) failed: Group did not stabilize." in error
    assert f"The image id '[{image}]' does not exist" in error
    if on_failure == "keep":
        assert "the stack green stays as it is, CREATE_FAILED. Look at it, then: gocd-tasks retire" in error
        again = gocd_tasks(*words, **SECRET)
        assert again.returncode == 1
        assert "green: Fleet (AWS::AutoScaling::AutoScalingGroup) failed" in again.stderr
    else:
        assert "CloudFormation deleted green again. To go on: gocd-tasks clone-environment" in error
    assert ("green" in stacks(cloud)) is (on_failure == "keep")


def place(cloud: World, template: str, **more: Any) -> None:
    """Make blue of a template, by way of a bucket if it is long."""
    if len(template) <= 51_200:
        stack(cloud, "blue", template, **more)
        return
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="long", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="long", Key="blue", Body=template.encode())
    url = "https://long.s3.eu-west-1.amazonaws.com/blue"
    cloud.client("cloudformation").create_stack(StackName="blue", TemplateURL=url)
    in_time(cloud, lambda: described(cloud, "blue")["StackStatus"], "CREATE_COMPLETE")


BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {}}
KEPT = {**HANDLE, "DeletionPolicy": "Retain"}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}}
BY_PARAMETER = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "news-${Stage}"}}}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {}}
RECORD = {"Type": "AWS::Route53::RecordSet", "Properties": {"Name": "web.example.com"}}
STAGE = {"Parameters": {"Stage": {"Type": "String", "Default": "blue"}}}
EXPORT = {"Outputs": {"Out": {"Value": "x", "Export": {"Name": "place"}}}}


@pytest.mark.parametrize(
    ("template", "words", "reason"),
    [
        (text({"Data": BUCKET}), (), "would have its own, empty, of what holds data: Data (AWS::S3::Bucket)"),
        (text({"Data": KEPT}), (), "WaitConditionHandle, DeletionPolicy Retain"),
        (text({"News": TOPIC}), (), "News.TopicName (AWS::SNS::Topic) is 'news'"),
        (text({"News": BY_PARAMETER}, **STAGE), (), "News.TopicName (AWS::SNS::Topic) is 'news-${Stage}'"),
        (
            text({"Door": RECORD}),
            (),
            "would stand before users at once, by Door.Name (AWS::Route53::RecordSet)",
        ),
        (text({"Handle": HANDLE}, **EXPORT), (), "the export of output Out is 'place'"),
        (text({"Handle": HANDLE}), ("--parameter", "Sise=2"), "blue has no parameter Sise"),
        (text({"Handle": HANDLE}), ("--parameter", "Sise"), "--parameter takes NAME=VALUE"),
        (text({"Handle": HANDLE}, Description="x" * 51_200), (), "Name a bucket that it can go through"),
        (text({"Handle": HANDLE}), ("--name", "green_1"), "green_1 cannot be the name of a stack"),
    ],
)
def test_what_cannot_be_cloned_is_refused_in_words_and_nothing_is_changed(
    cloud: World, gocd_tasks: CommandLine, template: str, words: tuple[str, ...], reason: str
) -> None:
    place(cloud, template)
    cloud.journal.clear()
    done = gocd_tasks("clone-environment", "blue", "--name", "green", *words)

    assert done.returncode == 2, done.stdout
    [error] = done.stderr.splitlines()
    assert reason in error
    assert "nothing was changed" in error
    assert looks_only(cloud)


def test_all_secrets_that_are_given_nowhere_are_named_at_once(cloud: World, gocd_tasks: CommandLine) -> None:
    hidden = {"Type": "String", "NoEcho": True}
    template = text({"Handle": HANDLE}, Parameters={"DbPassword": hidden, "ApiKey": hidden})
    stack(cloud, "blue", template, {"DbPassword": "hush-hush", "ApiKey": "hush-hush"})
    words = ("clone-environment", "blue", "--name", "green")
    done = gocd_tasks(*words, GOCD_TASKS_PARAMETER_OTHER="of another stack")

    assert done.returncode == 2
    variables = "GOCD_TASKS_PARAMETER_APIKEY, GOCD_TASKS_PARAMETER_DBPASSWORD"
    assert "blue does not tell the value of ApiKey, DbPassword (NoEcho)" in done.stderr
    assert f"as a secure variable: {variables}" in done.stderr
    assert stacks(cloud) == ["blue"]
    given = {"GOCD_TASKS_PARAMETER_APIKEY": "one-two-three"}
    done = gocd_tasks(*words, "--parameter", "DbPassword=four-five-six", **given)
    assert done.returncode == 0, done.stderr
    assert "one-two" not in done.stdout
    assert "four-five" not in done.stdout


def test_what_was_said_to_be_meant_is_done_and_named(cloud: World, gocd_tasks: CommandLine) -> None:
    resources = {"Data": BUCKET, "News": {**TOPIC, "Properties": {"DisplayName": "news"}}, "Role": ROLE}
    place(cloud, text(resources), Capabilities=["CAPABILITY_IAM"])
    done = gocd_tasks("clone-environment", "blue", "--name", "green", "--allow-new-state")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "green: with CAPABILITY_IAM" in lines
    assert "holds data, and begins empty: Data (AWS::S3::Bucket)" in lines
    assert described(cloud, "green")["Capabilities"] == ["CAPABILITY_IAM"]


def test_a_name_that_clashes_after_all_is_aws_to_tell(cloud: World, gocd_tasks: CommandLine) -> None:
    place(cloud, text({"News": TOPIC}))
    done = gocd_tasks("clone-environment", "blue", "--name", "green", "--allow-fixed-names")

    assert done.returncode == 1
    assert "green: News (AWS::SNS::Topic) failed: news already exists" in done.stderr


def test_another_parameter_makes_another_name(cloud: World, gocd_tasks: CommandLine) -> None:
    place(cloud, text({"News": BY_PARAMETER}, **STAGE))
    done = gocd_tasks("clone-environment", "blue", "--name", "green", "--parameter", "Stage=green")

    assert done.returncode == 0, done.stderr


def test_a_long_template_goes_through_a_bucket(cloud: World, gocd_tasks: CommandLine) -> None:
    template = text({"Handle": HANDLE}, Description="x" * 51_200)
    place(cloud, template)
    done = gocd_tasks("clone-environment", "blue", "--name", "green", "--bucket", "long")

    assert done.returncode == 0, done.stderr
    told = cloud.client("cloudformation").get_template(StackName="green")
    assert told["TemplateBody"] == json.loads(template)


def test_a_stack_of_that_name_that_is_no_clone_is_refused(cloud: World, gocd_tasks: CommandLine) -> None:
    for name in ("blue", "green"):
        stack(cloud, name, text({"Handle": HANDLE}))
    done = gocd_tasks("clone-environment", "blue", "--name", "green")

    assert done.returncode == 2
    assert "there is a stack green, which is no clone of blue" in done.stderr


def test_a_name_that_means_a_stack_and_a_group_is_refused(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    stack(cloud, "blue", text({"Handle": HANDLE}))
    cloud.auto_scaling_group("blue", size=0, max_size=1, service=sample)
    done = gocd_tasks("clone-environment", "blue", "--name", "green")

    assert done.returncode == 2
    assert "Say which: stack:blue or group:blue" in done.stderr
    assert group(cloud, "green") is None


def test_every_call_of_a_clone_is_allowed_and_every_action_is_used(
    cloud: World, gocd_tasks: CommandLine, sample: Service
) -> None:
    blue_group(cloud, sample)
    furnish(cloud, target_group(cloud, "blue")["TargetGroupArn"])
    image = next(iter(cloud.parts.images))
    place(cloud, text({"Handle": HANDLE}, Description="x" * 51_200))
    policy = iam_policy(["clone-environment"], Narrowed("long", regions=["eu-west-1"]))
    cloud.faults.allow_only(policy)
    cloud.journal.clear()
    for words in (("group:blue", "--name", "green"), ("stack:blue", "--name", "green", "--bucket", "long")):
        done = gocd_tasks("clone-environment", *words)
        assert done.returncode == 0, done.stderr
    cloud.client("ec2").deregister_image(ImageId=image)
    failing = ("group:blue", "--name", "grey", "--on-failure", "delete", "--timeout", "5")
    assert gocd_tasks("clone-environment", *failing).returncode == 3

    allowed = {action for part in policy["Statement"] for action in part["Action"]}
    used = {call.action for call in cloud.journal.calls}
    assert used <= allowed
    assert allowed - used == SELDOM


def nested(cloud: World, inner: str, **parameters: Any) -> str:
    """Place an inner template in a bucket, and give one that has it as a stack of its own."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="parts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="parts", Key="inner", Body=inner.encode())
    properties = {
        "TemplateURL": "https://parts.s3.eu-west-1.amazonaws.com/inner",
        "Parameters": parameters,
    }
    return text({"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}}, **STAGE)


def test_what_is_in_nested_stacks_is_found_and_told_by_where_it_is(
    cloud: World, gocd_tasks: CommandLine
) -> None:
    inner = text({"News": BY_PARAMETER, "Jobs": {"Type": "AWS::SQS::Queue"}}, **STAGE)
    stack(cloud, "blue", nested(cloud, inner, Stage={"Ref": "Stage"}))
    words = ("clone-environment", "stack:blue", "--name", "green")
    held = gocd_tasks(*words)
    assert held.returncode == 2
    assert "of what holds data: Inner.Jobs (AWS::SQS::Queue)" in held.stderr
    named = gocd_tasks(*words, "--allow-new-state")
    assert named.returncode == 2
    assert "Inner.News.TopicName (AWS::SNS::Topic) is 'news-${Stage}'" in named.stderr
    done = gocd_tasks(*words, "--allow-new-state", "--parameter", "Stage=green")
    assert done.returncode == 0, done.stderr
    child = next(each for each in stacks(cloud) if each.startswith("blue-Inner"))
    refused = gocd_tasks("clone-environment", child, "--name", "grey")
    assert refused.returncode == 2
    assert f"{child} is nested in another stack" in refused.stderr


def test_a_failure_in_a_nested_stack_is_named_by_where_it_is(cloud: World, gocd_tasks: CommandLine) -> None:
    inner = text({"News": TOPIC})
    stack(cloud, "blue", nested(cloud, inner))
    done = gocd_tasks("clone-environment", "blue", "--name", "green", "--allow-fixed-names")

    assert done.returncode == 1
    assert "green: Inner.News (AWS::SNS::Topic) failed: news already exists" in done.stderr
