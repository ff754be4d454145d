"""Who serves, as the control plane tells it: behind a load balancer, and in an Auto Scaling group."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gocd.rehearsal.standin_aws.world import LoadBalancer


def healthy(client: Callable[[str], Any], balancer: LoadBalancer) -> set[str]:
    """Give the ids of the instances that are healthy and not leaving."""
    if balancer.kind == "classic":
        states = client("elb").describe_instance_health(LoadBalancerName=balancer.name)["InstanceStates"]
        return {
            each["InstanceId"]
            for each in states
            if each["State"] == "InService" and each["Description"] == "N/A"
        }
    told = client("elbv2").describe_target_health(TargetGroupArn=balancer.arn)
    return {
        each["Target"]["Id"]
        for each in told["TargetHealthDescriptions"]
        if each["TargetHealth"]["State"] == "healthy"
    }


def in_service(client: Callable[[str], Any], group: str) -> set[str]:
    """Give the ids of the members of an Auto Scaling group that are InService."""
    [told] = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])[
        "AutoScalingGroups"
    ]
    return {each["InstanceId"] for each in told["Instances"] if each["LifecycleState"] == "InService"}
