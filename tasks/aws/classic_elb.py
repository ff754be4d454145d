"""Classic Load Balancers."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.errors import AwsError
from tasks.aws.instances import Instance
from tasks.aws.load_balancer import (
    LoadBalancer,
    LoadBalancerKind,
    Member,
    Place,
    Roster,
    Settings,
    State,
)
from tasks.aws.metrics import Metric, MetricSource
from tasks.aws.zones import Zones
from tasks.running.errors import Refused

# Seconds on top of what the settings promise, as AWS's own deployment scripts allow.
GRACE = 30.0

# Seconds in which new requests may still come after an order. A drain that it says has ended before its time
# is over for all of its nodes, so that this counts for shorter ones only.
LAG = 20.0

# AWS, classic/elb-cloudwatch-metrics.
REQUESTS = Metric("RequestCount", "requests")
FAILURES = (
    Metric("HTTPCode_ELB_5XX", "5xx of the load balancer's own"),
    Metric("HTTPCode_Backend_5XX", "5xx of instances"),
    Metric("BackendConnectionErrors", "failed connections to instances"),
    Metric("SpilloverCount", "requests rejected, the surge queue being full"),
    Metric("SurgeQueueLength", "requests in the surge queue at most", "Maximum"),
)
TOLD = (Metric("UnHealthyHostCount", "of its instances unhealthy at one time", "Maximum"),)

# Classic tells its state by sentences. They are matched in part: AWS words them differently over time.
LEAVING = "deregistration currently in progress"
JOINING = "registration is still in progress"
OUT = "not currently registered"
CANNOT_SERVE = (
    "stopped state",
    "terminated state",
    "not enabled",
    "zone that is not",
    "not configured to route traffic to",
)


# AWS's words for a name that there is not, or cannot be.
UNKNOWN = {"AccessPointNotFound", "LoadBalancerNotFound", "ValidationError"}


class ClassicLoadBalancers(LoadBalancerKind):
    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def all(self) -> list[LoadBalancer]:
        entries = self._aws.pages("elb", "describe_load_balancers", "LoadBalancerDescriptions")
        return [ClassicLoadBalancer(self._aws, entry) for entry in entries]

    def named(self, name: str) -> list[LoadBalancer]:
        try:
            found = self._aws.call("elb", "describe_load_balancers", LoadBalancerNames=[name])
        except AwsError as error:
            if error.code in UNKNOWN:
                return []
            raise
        return [ClassicLoadBalancer(self._aws, entry) for entry in found["LoadBalancerDescriptions"]]

    def meant_by(self, words: str) -> list[LoadBalancer]:
        # The classic API knows no ARNs.
        return [] if words.startswith("arn:") else self.named(words)


class ClassicLoadBalancer(LoadBalancer):
    kind = "classic"

    def __init__(self, aws: Aws, description: Mapping[str, Any]) -> None:
        """Wrap one entry of the classic DescribeLoadBalancers."""
        self.name = str(description["LoadBalancerName"])
        self._aws = aws
        self._entry = description
        self._zones = Zones(aws)

    @property
    def title(self) -> str:
        return f"{self.name} (classic load balancer)"

    def settings(self) -> Settings:
        return self._settings

    @cached_property
    def _settings(self) -> Settings:
        answer = self._aws.call(
            "elb", "describe_load_balancer_attributes", self.name, LoadBalancerName=self.name
        )
        attributes = answer["LoadBalancerAttributes"]
        draining = attributes["ConnectionDraining"]
        drain = float(draining.get("Timeout", 300)) if draining["Enabled"] else 0.0
        check = self._entry["HealthCheck"]
        return Settings(
            drain=drain,
            # Classic ends a drain when the last request is answered (AWS, classic/config-conn-drain).
            tells_idle=True,
            drained_within=max(drain, LAG) + GRACE,
            healthy_within=(check["HealthyThreshold"] + 1) * check["Interval"] + check["Timeout"] + GRACE,
            zonal=not attributes["CrossZoneLoadBalancing"]["Enabled"],
            health_check=check["Target"],
            lag=LAG if drain < LAG else 0.0,
        )

    def metrics(self) -> MetricSource:
        return MetricSource("AWS/ELB", {"LoadBalancerName": self.name}, REQUESTS, FAILURES, told=TOLD)

    def roster(self, *instances: Instance) -> Roster:
        members = self._health()
        known = {member.key for member in members}
        # A call for all may leave out who is draining; only a call by id tells it from who is gone.
        if missing := [instance.id for instance in instances if instance.id not in known]:
            members += self._health(*missing)
        members = [member for member in members if member.state is not State.OUT]
        return Roster(tuple(self._zones.fill(members) if self.settings().zonal else members))

    def holds(self, instance: Instance) -> bool:
        return self._in_vpc(instance) and any(
            member.state is not State.OUT for member in self._health(instance.id)
        )

    def check(self, instance: Instance) -> None:
        if not self._in_vpc(instance):
            raise Refused(f"{instance.name} is not in {self._entry['VPCId']}, the VPC of {self.name}")

    def _in_vpc(self, instance: Instance) -> bool:
        return self._entry.get("VPCId") in (None, "", instance.vpc)

    def register(self, places: Sequence[Place]) -> None:
        self._change("register_instances_with_load_balancer", places)

    def deregister(self, places: Sequence[Place]) -> None:
        try:
            self._change("deregister_instances_from_load_balancer", places)
        except AwsError as error:
            if error.code != "InvalidInstance":
                raise
            # One that is gone spoils the order for all of them.
            for place in places if len(places) > 1 else ():
                self.deregister([place])

    def _change(self, operation: str, places: Sequence[Place]) -> None:
        members = [{"InstanceId": place.instance.id} for place in places]
        self._aws.call("elb", operation, self.name, LoadBalancerName=self.name, Instances=members)

    def _health(self, *ids: str) -> list[Member]:
        question: dict[str, Any] = {"Instances": [{"InstanceId": each} for each in ids]} if ids else {}
        try:
            answer = self._aws.call(
                "elb", "describe_instance_health", self.name, LoadBalancerName=self.name, **question
            )
        except AwsError as error:
            if error.code == "InvalidInstance" and ids:
                return [member for each in ids for member in self._health(each)] if len(ids) > 1 else []
            raise
        return [_member(entry) for entry in answer["InstanceStates"]]


def _member(entry: Mapping[str, str]) -> Member:
    name, description = entry["State"], entry.get("Description", "")
    new = "" if name in STATES else f"AWS calls it {name!r}, which is not known here"
    said = "" if description == "N/A" else description.rstrip(".")
    reason = ", ".join(filter(None, [new, said]))
    return Member(entry["InstanceId"], _state(name, description.lower()), reason)


# What the state itself says where no sentence says more (classic API reference, InstanceState). Of any other
# nobody knows here whether it serves.
STATES = {"InService": State.SERVING, "OutOfService": State.UNHEALTHY, "Unknown": State.UNKNOWN}


def _state(state: str, description: str) -> State:
    # The sentences come first: a draining instance is still "InService", one that has left is
    # "OutOfService" just as a failing one is (AWS, classic/config-conn-drain).
    if LEAVING in description:
        return State.LEAVING
    if OUT in description:
        return State.OUT
    if state == "OutOfService" and JOINING in description:
        return State.JOINING
    if state == "OutOfService" and any(words in description for words in CANNOT_SERVE):
        return State.STUCK
    return STATES.get(state, State.UNKNOWN)
