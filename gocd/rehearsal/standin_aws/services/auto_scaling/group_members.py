"""How many members an Auto Scaling group has and in which zones: launched, replaced, balanced, terminated.

Sources: Amazon EC2 Auto Scaling user guide, Distribute instances across Availability Zones (rebalancing),
Suspend and resume processes, Default termination policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.auto_scaling.activities import Activities
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import suspended

COMING_AND_GOING = ("Pending", "Pending:Wait", "Terminating", "Terminating:Wait")


class GroupMembers:
    """Keeps every group at its desired capacity, evenly over its zones.

    What is launched is Pending first; what goes is Terminating first, so that it can drain.
    """

    def __init__(self, clock: Clock, activities: Activities) -> None:
        self._now = clock
        self._activities = activities
        self._launch = FakeAutoScalingGroup.replace_autoscaling_group_instances

    def corrections(self) -> Iterator[Correction]:
        yield Correction(FakeAutoScalingGroup, "active_instances", self.active)
        yield Correction(FakeAutoScalingGroup, "set_desired_capacity", self.set_desired_capacity)
        yield Correction(FakeAutoScalingGroup, "replace_autoscaling_group_instances", self.launch)

    def active(self, group: Any) -> list[Any]:
        """List the members that count towards the desired capacity."""
        return list(_in(group, "InService", "Pending", "Pending:Wait"))

    def set_desired_capacity(self, group: Any, desired: int | None) -> None:
        """Change the desired capacity; members come and go at once where no process is suspended."""
        group.desired_capacity = group.min_size if desired is None else desired
        self._fit(group)

    def launch(self, group: Any, count: int, tags: Mapping[str, str]) -> None:
        """Launch members, each in the zone that has fewest."""
        subnets, zones = group.vpc_zone_identifier, group.availability_zones
        for _ in range(count if self._activities.may_launch(group) else 0):
            counts = _by_zone(group, self.active(group))
            zone = min(counts, key=lambda each: counts[each])
            # Moto launches in the first subnet.
            group.vpc_zone_identifier, group.availability_zones = _subnet_in(group, zone), [zone]
            try:
                self._launch(group, 1, dict(tags))
            finally:
                group.vpc_zone_identifier, group.availability_zones = subnets, zones
            launched = group.instance_states[-1]
            launched.lifecycle_state, launched.since, launched.launched = "Pending", self._now(), True
            launched.__class__ = _Member
            launched.launched_from = _version(group)
            self._activities.launched(group, launched.instance.id)

    def keep(self, group: Any) -> None:
        """Replace the unhealthy, and bring number and spread of the members to what they shall be."""
        if not suspended(group) & {"ReplaceUnhealthy", "Terminate", "Launch"}:
            for member in _in(group, "InService"):
                if member.health_status == "Unhealthy":
                    member.lifecycle_state = "Terminating"
        self._fit(group)
        self._rebalance(group)

    def _fit(self, group: Any) -> None:
        desired = group.desired_capacity
        missing = desired - len(self.active(group))
        if missing > 0 and "Launch" not in suspended(group):
            group.replace_autoscaling_group_instances(missing, group.get_propagated_tags())
        surplus = len(list(_in(group, "InService"))) - desired
        for _ in range(surplus if "Terminate" not in suspended(group) else 0):
            expendable = [each for each in _in(group, "InService") if not each.protected_from_scale_in]
            if expendable:
                counts = _by_zone(group, expendable)
                # The oldest of the zone that has most.
                leaving = max(expendable, key=lambda each: counts[each.availability_zone])
                leaving.lifecycle_state = "Terminating"

    def _rebalance(self, group: Any) -> None:
        """Launch one where there are too few; the surplus then goes where there are too many."""
        busy = any(_in(group, *COMING_AND_GOING))
        if busy or suspended(group) & {"AZRebalance", "Terminate", "Launch"}:
            return
        counts = _by_zone(group, _in(group, "InService")).values()
        if max(counts) - min(counts) > 1:
            group.replace_autoscaling_group_instances(1, group.get_propagated_tags())


class _Member(InstanceState):  # type: ignore[misc]
    """A member that says what version it was launched from, not which one is the default by now.

    Source: API reference, Instance: ``LaunchTemplate`` is what the instance was launched with.
    """

    launched_from: dict[str, Any] | None

    @property
    def launch_template(self) -> dict[str, Any] | None:
        return self.launched_from


def _version(group: Any) -> dict[str, Any] | None:
    template = group.ec2_launch_template
    if template is None:
        return None
    number = template.get_version(group.launch_template_version).number
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "Version": str(number),
    }


def _in(group: Any, *states: str) -> Iterator[Any]:
    return (each for each in group.instance_states if each.lifecycle_state in states)


def _by_zone(group: Any, members: Iterable[Any]) -> dict[str, int]:
    counts = dict.fromkeys(group.availability_zones, 0)
    for each in members:
        if each.availability_zone in counts:
            counts[each.availability_zone] += 1
    return counts


def _subnet_in(group: Any, zone: str) -> str | None:
    if not group.vpc_zone_identifier:
        return None
    ids = group.vpc_zone_identifier.split(",")
    return next(
        str(subnet.id)
        for subnet in group.ec2_backend.describe_subnets(subnet_ids=ids)
        if subnet.availability_zone == zone
    )
