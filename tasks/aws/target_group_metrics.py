"""What CloudWatch counts of a target group, and what of its load balancer as a whole only.

Source: AWS, application/load-balancer-cloudwatch-metrics and network/load-balancer-cloudwatch-metrics, where
the dimensions of each metric are listed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tasks.aws.metrics import Metric, MetricSource

REQUESTS = Metric("RequestCount", "requests", whole=False)
FAILURES = (
    Metric("HTTPCode_ELB_5XX_Count", "5xx of the load balancer's own"),
    Metric("HTTPCode_Target_5XX_Count", "5xx of instances", whole=False),
    Metric("TargetConnectionErrorCount", "failed connections to instances", whole=False),
    Metric("RejectedConnectionCount", "connections rejected, the load balancer being full"),
)
# One that has just come is unhealthy until its first checks are over.
TOLD = (Metric("UnHealthyHostCount", "of its instances unhealthy at one time", "Maximum", whole=False),)
FLOWS = Metric("NewFlowCount", "connections")
# A connection that lives on is new in its first minute only.
LASTING = (Metric("ActiveFlowCount", "connections at one time", "Maximum"),)
NETWORK_FAILURES = (
    Metric("TCP_ELB_Reset_Count", "connections reset by the load balancer"),
    Metric("TCP_Target_Reset_Count", "connections reset by instances"),
    Metric("PortAllocationErrorCount", "connections failed for want of a port"),
)


def metrics_of(entry: Mapping[str, Any], groups: int, *, network: bool) -> MetricSource:
    """Return where the figures of a target group are.

    Args:
        entry: Its entry in DescribeTargetGroups.
        groups: How many its load balancer has; of several the words of a figure say that it is of all.
        network: Whether that is a Network Load Balancer.
    """
    # The dimensions are the tails of ARNs, "app/NAME/ID" and "targetgroup/NAME/ID".
    full = entry["LoadBalancerArns"][0].partition(":loadbalancer/")[2]
    balancer, name = {"LoadBalancer": full}, full.split("/")[1]
    group = {"TargetGroup": entry["TargetGroupArn"].rpartition(":")[2]}
    if network:
        failures = _told(NETWORK_FAILURES, groups)
        return MetricSource("AWS/NetworkELB", balancer, FLOWS, failures, group, name, TOLD, LASTING)
    return MetricSource("AWS/ApplicationELB", balancer, REQUESTS, _told(FAILURES, groups), group, name, TOLD)


def _told(metrics: tuple[Metric, ...], groups: int) -> tuple[Metric, ...]:
    if groups == 1:
        return metrics
    of_all = f", counted for its {groups} target groups together"
    return tuple(replace(each, words=each.words + of_all) if each.whole else each for each in metrics)
