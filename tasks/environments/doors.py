"""What in a template would lead users to a clone the moment it is made, before anybody has looked at it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tasks.environments.fixed_names import Names

# By type, the properties that say who sends requests to it, or what it takes over.
DOORS: Mapping[str, Sequence[str]] = {
    "AWS::AutoScaling::AutoScalingGroup": ("TargetGroupARNs", "LoadBalancerNames", "TrafficSources"),
    "AWS::EC2::EIPAssociation": ("AllocationId", "EIP"),
    "AWS::ECS::Service": ("LoadBalancers",),
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn",),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn",),
    "AWS::Route53::RecordSet": ("Name",),
    "AWS::Route53::RecordSetGroup": ("RecordSets",),
}


def doors(names: Names, present: Collection[str]) -> Iterator[str]:
    """Yield each place where a clone would stand before users, as its source does, in words.

    That is what is the same in both, being written down, imported or an unchanged parameter; what the
    template makes itself is another one in the clone.
    """
    for logical_id, resource in names.template["Resources"].items():
        kind, properties = str(resource.get("Type", "")), resource.get("Properties")
        if logical_id in present and isinstance(properties, dict):
            for name in DOORS.get(kind, ()):
                if any(map(names.is_fixed, _each(properties.get(name)))):
                    yield f"{logical_id}.{name} ({kind})"


def _each(value: Any) -> Iterator[Any]:
    """Give what is asked for one by one, where one that is the same is enough."""
    for each in value if isinstance(value, list) else [] if value is None else [value]:
        if isinstance(each, dict):
            # As of a record set, or of a traffic source: what else is in it does not tell whose it is.
            telling = [each[key] for key in ("Name", "Identifier", "TargetGroupArn") if key in each]
            yield from telling or [each]
        else:
            yield each
