"""A target group of Application or Network Load Balancers."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.attributes import Attributes
from tasks.aws.instances import Instance
from tasks.aws.leaving_targets import leaving_targets
from tasks.aws.listener import Listeners
from tasks.aws.load_balancer import (
    LoadBalancer,
    Member,
    Place,
    Roster,
    Settings,
    State,
    Threshold,
    together,
)
from tasks.aws.metrics import MetricSource
from tasks.aws.parts import parts
from tasks.aws.target import Port, Target
from tasks.aws.target_group_metrics import metrics_of
from tasks.aws.zones import Zones
from tasks.running.errors import Refused

# Seconds on top of what the settings promise. AWS's own deployment scripts allow 30; a Network Load
# Balancer "can take a few minutes" to register and deregister (AWS, network/load-balancer-troubleshooting).
GRACE, NETWORK_GRACE = 30.0, 180.0

# Targets in one order; AWS publishes no limit for it, so this is a cautious one.
MOST_TARGETS = 100

# AWS's TargetHealth.State. Of one that AWS adds later nobody knows here whether it serves.
STATES = {
    "healthy": State.SERVING,
    "initial": State.JOINING,
    "unhealthy": State.UNHEALTHY,
    "unhealthy.draining": State.UNHEALTHY,
    "draining": State.LEAVING,
    "unused": State.STUCK,
    "unavailable": State.UNKNOWN,
}
# But for a reason that does not pass (AWS, TargetHealth.Reason).
UNCHECKED = "Target.HealthCheckDisabled"

# Types of targets that are instances; others are Lambda functions and load balancers.
HOLD_INSTANCES = ("instance", "ip")


class TargetGroup(LoadBalancer):
    kind = "target-group"

    def __init__(self, aws: Aws, description: Mapping[str, Any]) -> None:
        """Wrap one entry of DescribeTargetGroups.

        Raises:
            Refused: It holds Lambda functions or load balancers, which nobody can deploy to.
        """
        self.name = str(description["TargetGroupName"])
        self._aws = aws
        self._entry = description
        self._zones = Zones(aws)
        if description["TargetType"] not in HOLD_INSTANCES:
            raise Refused(f"target group {self.name} holds no instances but type {description['TargetType']}")

    @property
    def arn(self) -> str:
        return str(self._entry["TargetGroupArn"])

    @property
    def balancers(self) -> list[str]:
        """The ARNs of the load balancers with a rule for it; without one, nobody checks its targets."""
        return list(self._entry.get("LoadBalancerArns") or [])

    @property
    def title(self) -> str:
        return f"{self.name} (target group, port {self._entry['Port']})"

    @property
    def _vpc(self) -> str:
        return str(self._entry.get("VpcId", ""))

    @property
    def _network(self) -> bool:
        # Only an Application Load Balancer speaks HTTP; an ARN does not say it where AWS is imitated.
        return not self._entry["Protocol"].startswith("HTTP")

    def settings(self) -> Settings:
        return self._settings

    @cached_property
    def _settings(self) -> Settings:
        entry = self._entry
        grace = NETWORK_GRACE if self._network else GRACE
        attributes = self._attributes()
        left = leaving_targets(entry["Protocol"], attributes)
        drain = float(attributes.number("deregistration_delay.timeout_seconds"))
        check = entry["HealthCheckIntervalSeconds"] + entry["HealthCheckTimeoutSeconds"]
        return Settings(
            drain=drain,
            # "draining" is shown for the whole delay even when nothing is left in flight
            # (AWS, application/edit-target-group-attributes).
            tells_idle=False,
            drained_within=max(drain, left.lag) + grace,
            healthy_within=entry["HealthyThresholdCount"] * check + grace,
            slow_start=float(attributes.number("slow_start.duration_seconds", "0")),
            zonal=not self._cross_zone(attributes),
            health_check=self._health_check(),
            lag=left.lag,
            stays=left.stays,
            uncounted=left.uncounted,
            opens_below=_threshold(attributes, "unhealthy_state_routing"),
            in_dns_from=_threshold(attributes, "dns_failover"),
        )

    def metrics(self) -> MetricSource:
        """Where the load balancer's counts are.

        Raises:
            Refused: No load balancer uses the group, so nothing counts.
        """
        if not self._entry.get("LoadBalancerArns"):
            raise Refused(f"{self.name} is behind no load balancer, so CloudWatch counts nothing for it")
        balancer = self._entry["LoadBalancerArns"][0]
        groups = self._aws.pages("elbv2", "describe_target_groups", "TargetGroups", LoadBalancerArn=balancer)
        return metrics_of(self._entry, len(groups), network=self._network)

    def roster(self, *instances: Instance) -> Roster:
        members = self._members()
        return Roster(tuple(self._zones.fill(members) if self.settings().zonal else members))

    def holds(self, instance: Instance) -> bool:
        if self._vpc not in {instance.vpc, *(vpc for vpc, _ in instance.addresses)}:
            return False
        return bool(Roster(tuple(self._members())).all_of(instance))

    def passed_over(self) -> bool:
        return Listeners(self._aws).pass_over(self.arn, self.balancers)

    def _members(self) -> list[Member]:
        answer = self._aws.call("elbv2", "describe_target_health", self.name, TargetGroupArn=self.arn)
        targets: dict[str, list[Member]] = {}
        for entry in sorted(
            answer["TargetHealthDescriptions"], key=lambda each: each["Target"].get("Port", 0)
        ):
            # Asked for all, AWS leaves out who is gone; this reason is only for who was asked by id.
            if entry["TargetHealth"].get("Reason") != "Target.NotRegistered":
                targets.setdefault(entry["Target"]["Id"], []).append(self._member(entry))
        return [together(each) for each in targets.values()]

    def check(self, instance: Instance) -> None:
        if not (instance.address_in(self._vpc) if self._by_address else instance.vpc == self._vpc):
            what = "has no address" if self._by_address else "is not"
            raise Refused(f"{instance.name} {what} in {self._vpc}, the VPC of {self.name}")

    def register(self, places: Sequence[Place]) -> None:
        self._change("register_targets", places)

    def deregister(self, places: Sequence[Place]) -> None:
        self._change("deregister_targets", places)

    def _change(self, operation: str, places: Sequence[Place]) -> None:
        # All ports of an instance go in one order, so that it is never known by some of them only.
        ports = max((len(place.ports) for place in places), default=1)
        for some in parts(places, MOST_TARGETS // max(1, ports) or 1):
            if targets := [target for place in some for target in self._targets(place)]:
                self._aws.call("elbv2", operation, self.name, TargetGroupArn=self.arn, Targets=targets)

    def _targets(self, place: Place) -> Iterator[dict[str, Any]]:
        key = place.instance.address_in(self._vpc) if self._by_address else place.instance.id
        if not place.ports and key:
            yield {"Id": key}
        for port in place.ports:
            if isinstance(port, Target):
                told = {"AvailabilityZone": port.zone, "QuicServerId": port.server_id}
                more = {name: value for name, value in told.items() if value}
                yield {"Id": port.address or key, "Port": port.number, **more}
            else:
                yield {"Id": key, "Port": port}

    def _member(self, entry: Mapping[str, Any]) -> Member:
        """One target, as an entry of DescribeTargetHealth tells of it."""
        target, health = entry["Target"], entry["TargetHealth"]
        zone = target.get("AvailabilityZone", "")
        ports: tuple[Port, ...] = (target["Port"],) if "Port" in target else ()
        server_id = target.get("QuicServerId", "")
        if ports and (self._by_address or server_id):
            # A zone is only said of addresses, and has to be where one is outside of the VPC.
            address, said = (target["Id"], zone) if self._by_address else ("", "")
            ports = (Target(target["Port"], address, said, server_id),)
        return Member(
            target["Id"],
            _state(health),
            _reason(health),
            ports,
            zone,
            # An address can be registered again only after its delay (AWS,
            # application/target-group-register-targets); an instance id at any time.
            takes_back=not self._by_address,
            shifted=_shifted(entry),
            vpc=self._vpc if self._by_address else "",
        )

    @property
    def _by_address(self) -> bool:
        return bool(self._entry["TargetType"] == "ip")

    def _attributes(self) -> Attributes:
        answer = self._aws.call(
            "elbv2", "describe_target_group_attributes", self.name, TargetGroupArn=self.arn
        )
        return Attributes("elasticloadbalancing:DescribeTargetGroupAttributes", answer["Attributes"])

    def _cross_zone(self, attributes: Attributes) -> bool:
        """Whether every zone serves from all instances.

        Source: AWS, application/disable-cross-zone: the group's own word, else the load balancer's,
        which is always "on" for an Application Load Balancer.
        """
        own = attributes.get("load_balancing.cross_zone.enabled", "use_load_balancer_configuration")
        if own in ("true", "false"):
            return own == "true"
        arns = self._entry.get("LoadBalancerArns") or []
        if not self._network or not arns:
            return True
        answer = self._aws.call(
            "elbv2", "describe_load_balancer_attributes", self.name, LoadBalancerArn=arns[0]
        )
        settings = Attributes("elasticloadbalancing:DescribeLoadBalancerAttributes", answer["Attributes"])
        return settings["load_balancing.cross_zone.enabled"] == "true"

    def _health_check(self) -> str:
        entry = self._entry
        port = entry.get("HealthCheckPort", "traffic-port")
        port = entry["Port"] if port == "traffic-port" else port
        if entry.get("HealthCheckProtocol", "").startswith("HTTP"):
            return f"GET :{port}{entry.get('HealthCheckPath', '/')}"
        return f"TCP :{port}"


def _threshold(attributes: Attributes, action: str) -> Threshold:
    """Below how many healthy targets the load balancer takes an action: with none, unless told otherwise.

    Source: elbv2 TargetGroupAttribute; AWS, application/target-group-health and network/target-group-health.
    """
    name = f"target_group_health.{action}.minimum_healthy_targets"
    return Threshold(
        attributes.number(f"{name}.count", "1", off=0), attributes.number(f"{name}.percentage", "off", off=0)
    )


def _state(health: Mapping[str, Any]) -> State:
    if health.get("Reason") == UNCHECKED:
        return State.STUCK
    return STATES.get(health["State"], State.UNKNOWN)


def _reason(health: Mapping[str, Any]) -> str:
    new = "" if health["State"] in STATES else f"AWS calls it {health['State']!r}, which is not known here"
    return ", ".join(filter(None, [new, health.get("Reason"), health.get("Description")]))


def _shifted(target: Mapping[str, Any]) -> bool:
    # A shift that is "delegated to DNS" leads clients elsewhere, not requests: whoever comes in is served.
    return bool(target.get("AdministrativeOverride", {}).get("State") == "zonal_shift_active")
