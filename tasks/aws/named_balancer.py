"""Load balancers of all kinds, as a record of DNS leads to them.

Source: Elastic Load Balancing API references, both; Route 53 API reference, AliasTarget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.classic_elb import REQUESTS as CLASSIC_REQUESTS
from tasks.aws.errors import AwsError
from tasks.aws.forward import name_of
from tasks.aws.metrics import MetricSource
from tasks.aws.records import DUALSTACK
from tasks.aws.target_group_metrics import metrics_of

# AWS's words for one that there is not.
UNKNOWN = {"LoadBalancerNotFound", "ValidationError"}


@dataclass(frozen=True)
class NamedBalancer:
    """One load balancer.

    Args:
        arn: Empty for a Classic one.
        address: The name that AWS has given it, without a dot at its end.
        zone: The id of the hosted zone that this name is in.
        dual: Whether it has IPv6 addresses as well.
    """

    aws: Aws
    name: str
    arn: str
    address: str
    zone: str
    dual: bool
    network: bool

    def healthy(self) -> int:
        """Count the healthy ones behind it: of several target groups those of the one with the fewest."""
        if not self.arn:
            told = self.aws.call("elb", "describe_instance_health", self.name, LoadBalancerName=self.name)
            return sum(1 for each in told["InstanceStates"] if each["State"] == "InService")
        return min((self._healthy(each) for each in self.groups()), default=0)

    def unwell(self) -> list[str]:
        """Return the names of its target groups that have nobody healthy."""
        return [name_of(each) for each in self.groups() if not self._healthy(each)] if self.arn else []

    def groups(self) -> list[str]:
        """Return the ARNs of its target groups, where it is no Classic one."""
        told = self.aws.pages("elbv2", "describe_target_groups", "TargetGroups", LoadBalancerArn=self.arn)
        return [str(each["TargetGroupArn"]) for each in told]

    def classic_members(self) -> tuple[list[str], set[int]]:
        """Return the ids of the instances of a Classic one, and the ports that it sends requests to."""
        asked = {"LoadBalancerNames": [self.name]}
        told = self.aws.call("elb", "describe_load_balancers", self.name, **asked)
        [entry] = told["LoadBalancerDescriptions"]
        ids = [str(each["InstanceId"]) for each in entry["Instances"]]
        return ids, {int(each["Listener"]["InstancePort"]) for each in entry["ListenerDescriptions"]}

    def _healthy(self, group: str) -> int:
        told = self.aws.call("elbv2", "describe_target_health", self.name, TargetGroupArn=group)
        states = [each["TargetHealth"]["State"] for each in told["TargetHealthDescriptions"]]
        return sum(1 for each in states if each == "healthy")

    def counted(self) -> MetricSource:
        """Where what comes to it is counted."""
        if not self.arn:
            return MetricSource("AWS/ELB", {"LoadBalancerName": self.name}, CLASSIC_REQUESTS, ())
        entry = {"TargetGroupArn": self.arn, "LoadBalancerArns": [self.arn]}
        return metrics_of(entry, 1, network=self.network).of_the_whole()


def find_named(aws: Aws, wanted: str) -> NamedBalancer | None:
    """Return the load balancer that is called so by its name, its ARN or its address; None if none is.

    Raises:
        AwsError: AWS does not answer.
    """
    address = wanted.lower().rstrip(".").removeprefix(DUALSTACK)
    for found in _every(aws, wanted):
        if wanted in (found.name, found.arn) or address == found.address:
            return found
    return None


def _every(aws: Aws, wanted: str) -> list[NamedBalancer]:
    by_name = "." not in wanted and not wanted.startswith("arn:")
    try:
        question = {"Names": [wanted]} if by_name else {}
        told = aws.pages("elbv2", "describe_load_balancers", "LoadBalancers", **question)
    except AwsError as error:
        if error.code not in UNKNOWN:
            raise
        told = []
    found = [_named(aws, each) for each in told if each["Type"] != "gateway"]
    if by_name and found:
        return found
    classics = aws.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions")
    return [*found, *(_classic(aws, each) for each in classics)]


def _named(aws: Aws, entry: Mapping[str, Any]) -> NamedBalancer:
    return NamedBalancer(
        aws,
        entry["LoadBalancerName"],
        entry["LoadBalancerArn"],
        entry["DNSName"].lower(),
        entry["CanonicalHostedZoneId"],
        str(entry.get("IpAddressType", "ipv4")).startswith("dualstack"),
        entry["Type"] == "network",
    )


def _classic(aws: Aws, entry: Mapping[str, Any]) -> NamedBalancer:
    name, zone = entry["LoadBalancerName"], str(entry.get("CanonicalHostedZoneNameID", ""))
    return NamedBalancer(aws, name, "", entry["DNSName"].lower(), zone, dual=False, network=False)
