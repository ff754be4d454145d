"""Templates of CloudFormation: what in them holds data or is a fixed name, told in lines, or refused."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasks.aws.template import read_template
from tasks.environments import state
from tasks.environments.doors import doors
from tasks.environments.fixed_names import Names
from tasks.running.errors import Refused
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import as_json, spoilt_bytes, spoilt_values

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String", "Default": "live"}},
    "Conditions": {"Live": {"Fn::Equals": [{"Ref": "Stage"}, "live"]}},
    "Resources": {
        "Jobs": {
            "Type": "AWS::SQS::Queue",
            "DeletionPolicy": "Retain",
            "Properties": {"QueueName": {"Fn::If": ["Live", {"Fn::Sub": ["${a}-jobs", {"a": "b"}]}, "x"]}},
        },
        "News": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "${Stage}-news"}}},
        "Door": {"Type": "AWS::Route53::RecordSet", "Properties": {"Name": "web.example.com"}},
        "Web": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"Tags": [{"Key": "a"}]}},
    },
    "Outputs": {"Out": {"Value": {"Fn::ImportValue": "net"}, "Export": {"Name": {"Ref": "Stage"}}}},
}
TEXT = b"""\
Parameters: {Stage: {Type: String, Default: 2010-09-09}}
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${Stage}-jobs"
      Tags: [{Key: a, Value: !GetAtt News.TopicName}]
  News:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !If [Live, !Ref Stage, !Ref "AWS::NoValue"]}
"""
# PyYAML is Python: what is long is read slowly.
MOST = 6_000


@given(st.one_of(spoilt_values(TEMPLATE).map(as_json), spoilt_bytes(TEXT)))
def test_a_template_is_judged_in_lines(content: bytes) -> None:
    text = content[:MOST].decode(errors="replace")

    for line in read(lambda: judged(text), Refused) or []:
        assert line
        assert isinstance(line, str)


def test_a_whole_template_is_judged() -> None:
    lines = judged(as_json(TEMPLATE).decode())

    assert any("Jobs.QueueName" in each for each in lines)
    assert any("Door.Name" in each for each in lines)
    assert any("export of output Out" in each for each in lines)
    assert judged(TEXT.decode())


def judged(text: str) -> list[str]:
    template = read_template(text, "blue")
    names = Names(template, {"Other"}, {"AWS::SQS::Queue": ["QueueName"]})
    present = set(template["Resources"])
    return [
        *doors(names, present),
        *names.found(present),
        *names.imported(),
        *state.holding(template, present),
        *state.lost(template, present),
        *state.kept(template, present),
    ]
