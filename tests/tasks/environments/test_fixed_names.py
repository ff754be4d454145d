"""Which names of a template a clone would ask for again."""

from collections.abc import Sequence
from typing import Any

import pytest

from tasks.aws.template import read_template
from tasks.environments.fixed_names import Names
from tasks.running.errors import Refused

TEMPLATE = """
Parameters:
  Stage: {Type: String}
  Kept: {Type: String}
Conditions:
  Named: !Equals [!Ref Stage, live]
Resources:
  Thing:
    Type: %s
    Properties: {%s}
"""


def found(kind: str, properties: str, known: Sequence[str] = ()) -> list[str]:
    template = read_template(TEMPLATE % (kind, properties), "blue")
    return list(Names(template, {"Stage"}, {kind: known}).found({"Thing"}))


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::SQS::Queue", "QueueName: jobs"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name: web"),
        ("AWS::EC2::SecurityGroup", "GroupName: web"),
        ("AWS::RDS::DBSubnetGroup", "DBSubnetGroupName: data"),
        ("AWS::SQS::Queue", "QueueName: !Ref Kept"),
        ("AWS::SQS::Queue", 'QueueName: !Sub "${Kept}-jobs"'),
        ("AWS::SQS::Queue", 'QueueName: !Sub "${AWS::Region}-jobs"'),
        ("AWS::SQS::Queue", 'QueueName: !Join ["-", [!Ref Kept, jobs]]'),
        ("AWS::SQS::Queue", "QueueName: !If [Named, jobs, !Ref AWS::NoValue]"),
        ("AWS::SQS::Queue", 'QueueName: !Sub ["${part}-jobs", {part: !Ref Kept}]'),
    ],
)
def test_a_name_that_would_be_the_same_is_fixed(kind: str, properties: str) -> None:
    assert len(found(kind, properties)) == 1


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::SQS::Queue", "QueueName: !Ref Stage"),
        ("AWS::SQS::Queue", 'QueueName: !Sub "${AWS::StackName}-jobs"'),
        ("AWS::SQS::Queue", 'QueueName: !Sub "${Other.Id}-jobs"'),
        ("AWS::SQS::Queue", 'QueueName: !Sub "${Other}-jobs"'),
        ("AWS::SQS::Queue", 'QueueName: !Sub ["${part}-jobs", {part: !Ref Stage}]'),
        ("AWS::SQS::Queue", 'QueueName: !Join ["-", [!Ref AWS::StackName, jobs]]'),
        ("AWS::SQS::Queue", "QueueName: !GetAtt Other.Name"),
        ("AWS::SQS::Queue", "QueueName: !Ref AWS::NoValue"),
        ("AWS::SQS::Queue", "QueueName: !If [Named, !Ref Stage, !Ref AWS::NoValue]"),
        # These name something else, which both may have.
        ("AWS::EC2::Instance", "KeyName: admins"),
        ("AWS::RDS::DBInstance", "DBName: orders, DBSubnetGroupName: data"),
        ("AWS::Lambda::Permission", "FunctionName: web"),
    ],
)
def test_a_name_that_would_be_another_or_is_anothers_is_not(kind: str, properties: str) -> None:
    assert found(kind, properties) == []


def test_what_identifies_a_resource_is_a_name_whatever_it_is_called() -> None:
    kind, properties = "AWS::RDS::DBInstance", "DBInstanceIdentifier: orders"

    assert found(kind, properties, known=["DBInstanceIdentifier"]) == [
        "Thing.DBInstanceIdentifier (AWS::RDS::DBInstance) is 'orders'"
    ]


def test_of_several_that_identify_one_that_differs_is_enough() -> None:
    kind = "AWS::AutoScaling::LifecycleHook"
    both = ["AutoScalingGroupName", "LifecycleHookName"]

    assert found(kind, "AutoScalingGroupName: !Ref Fleet, LifecycleHookName: drain", known=both) == []
    assert len(found(kind, "AutoScalingGroupName: web, LifecycleHookName: drain", known=both)) == 2


@pytest.mark.parametrize("text", ["", "[]", "{", "Resources: [", "Resources: {A: 1}", "a: &a [*a]", "!Ref x"])
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="template of blue"):
        read_template(text, "blue")


def test_short_forms_are_the_long_ones_and_dates_stay_as_written() -> None:
    text = "AWSTemplateFormatVersion: 2010-09-09\nResources: {A: {Type: X, Value: !GetAtt B.Arn}}"
    template: Any = read_template(text, "blue")

    assert template["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template["Resources"]["A"]["Value"] == {"Fn::GetAtt": "B.Arn"}
