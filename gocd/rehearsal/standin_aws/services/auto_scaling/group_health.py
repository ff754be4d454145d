"""Which members of an Auto Scaling group are unhealthy, as the group sees it.

Sources: Amazon EC2 Auto Scaling user guide, Health checks for instances, Set the health check grace period;
API reference, UpdateAutoScalingGroup (HealthCheckType).
"""

from __future__ import annotations

from typing import Any

from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import suspended
from gocd.rehearsal.standin_aws.services.elb.classic_load_balancers import (
    IN_SERVICE,
    REGISTERING,
    ClassicLoadBalancers,
)

# Seconds until a group has heard what a load balancer says of a member.
HEARSAY = 1.0


class GroupHealth:
    """Marks members in service unhealthy for good; those in Standby are not checked.

    A member that does not run is unhealthy at once. With health checks of type ELB so is one that an attached
    load balancer had in service and has no more, be it failing or deregistered, after the grace period.
    """

    def __init__(self, instances: Instances, classics: ClassicLoadBalancers, clock: Clock) -> None:
        self._instances = instances
        self._classics = classics
        self._now = clock

    def check(self, group: Any) -> None:
        """Look at each member once."""
        if "HealthCheck" in suspended(group):
            return
        for member in group.instance_states:
            if member.lifecycle_state != "InService":
                # What load balancers said before is no longer known when it comes back.
                member.served, member.failing_since = set(), None
            elif self._instances.state(member.instance.id) != "running" or self._failing(group, member):
                member.health_status = "Unhealthy"

    def _failing(self, group: Any, member: Any) -> bool:
        if "ELB" not in group.health_check_type.split(","):
            return False
        served = member.__dict__.setdefault("served", set())
        says = {
            each: self._says(group, each, member.instance.id)
            for each in (*group.target_group_arns, *group.load_balancer_names)
        }
        served |= {each for each, word in says.items() if word == "healthy"}
        if not any(word == "unhealthy" and each in served for each, word in says.items()):
            member.failing_since = None
            return False
        now = self._now()
        if getattr(member, "failing_since", None) is None:
            member.failing_since = now
        in_service = now - getattr(member, "since", 0.0)
        heard = now - member.failing_since >= HEARSAY
        return bool(heard and in_service >= group.health_check_grace_period)

    def _says(self, group: Any, balancer: str, instance_id: str) -> str:
        """Give what a load balancer says of a member: ``healthy``, ``unhealthy`` or ``unsure``."""
        if balancer.startswith("arn:"):
            groups = elbv2_backends[ACCOUNT][group.region]
            if balancer not in groups.target_groups:
                return "unsure"
            [told] = groups.describe_target_health(balancer, [{"Id": instance_id}])
            words = {"healthy": "healthy", "initial": "unsure", "unavailable": "unsure"}
            return words.get(told["TargetHealth"]["State"], "unhealthy")
        classics = elb_backends[ACCOUNT][group.region].load_balancers
        if balancer not in classics:
            return "unsure"
        verdict = self._classics.verdict(classics[balancer], instance_id)
        return {IN_SERVICE: "healthy", REGISTERING: "unsure"}.get(verdict, "unhealthy")
