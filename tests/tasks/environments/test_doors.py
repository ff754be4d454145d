"""What of a template would lead users to a clone at once."""

import pytest

from tasks.aws.template import read_template
from tasks.environments.doors import doors
from tasks.environments.fixed_names import Names

TEMPLATE = """
Parameters:
  Changed: {Type: String}
  Kept: {Type: String}
Resources:
  Thing:
    Type: %s
    Properties: {%s}
"""

GROUP, RULE = "AWS::AutoScaling::AutoScalingGroup", "AWS::ElasticLoadBalancingV2::ListenerRule"
RECORD, RECORDS = "AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup"


def found(kind: str, properties: str) -> list[str]:
    return list(
        doors(Names(read_template(TEMPLATE % (kind, properties), "blue"), {"Changed"}, {}), {"Thing"})
    )


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (GROUP, "TargetGroupARNs: [!Ref Targets, !Ref Kept]"),
        (GROUP, "TargetGroupARNs: !Ref Kept"),
        (GROUP, "TargetGroupARNs: [!ImportValue web-targets]"),
        (GROUP, "LoadBalancerNames: [web]"),
        (GROUP, "TrafficSources: [{Identifier: !Ref Kept, Type: elbv2}]"),
        (RULE, "ListenerArn: !Ref Kept, Priority: 1"),
        ("AWS::ElasticLoadBalancingV2::Listener", "LoadBalancerArn: !ImportValue front, Port: 443"),
        ("AWS::ECS::Service", "LoadBalancers: [{TargetGroupArn: !Ref Kept, ContainerName: web}]"),
        ("AWS::EC2::EIPAssociation", "AllocationId: eipalloc-1, InstanceId: !Ref Web"),
        (RECORD, "Name: web.example.com"),
        (RECORDS, "RecordSets: [{Name: !Sub '${Kept}.example.com', Type: A}]"),
    ],
)
def test_what_the_source_has_of_others_leads_users_to_its_clone(kind: str, properties: str) -> None:
    assert len(found(kind, properties)) == 1


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (GROUP, "TargetGroupARNs: [!Ref Targets], MinSize: 1"),
        (GROUP, "TargetGroupARNs: [!Ref Changed]"),
        (GROUP, "TrafficSources: [{Identifier: !Ref Targets, Type: elbv2}]"),
        (RULE, "ListenerArn: !GetAtt Listener.ListenerArn"),
        ("AWS::ECS::Service", "LoadBalancers: [{TargetGroupArn: !Ref Targets, ContainerName: web}]"),
        (RECORD, "Name: !Sub '${AWS::StackName}.example.com'"),
        (RECORDS, "RecordSets: [{Name: !Sub '${Changed}.example.com', Type: A}]"),
        ("AWS::EC2::Instance", "SubnetId: !Ref Kept"),
    ],
)
def test_what_is_the_clones_own_does_not(kind: str, properties: str) -> None:
    assert found(kind, properties) == []
