"""What Auto Scaling accepts: groups that exist, sizes that fit, processes it has.

Sources: Amazon EC2 Auto Scaling API reference (CreateAutoScalingGroup, UpdateAutoScalingGroup,
DescribeAutoScalingGroups, SetDesiredCapacity, SuspendProcesses, Tag).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend
from moto.autoscaling.responses import AutoScalingResponse

from gocd.rehearsal.standin_aws.control.corrections import Correction

PROCESSES = {
    *("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance"),
    *("HealthCheck", "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions"),
}
# Names in one DescribeAutoScalingGroups that does not ask for more records.
MOST_NAMES = 50
# Calls whose first argument is a group's name, which moto takes for granted.
_OF_A_GROUP = (
    *("attach_instances", "detach_instances", "set_instance_protection"),
    *("attach_load_balancers", "describe_load_balancers", "detach_load_balancers"),
    *("attach_load_balancer_target_groups", "describe_load_balancer_target_groups"),
    "detach_load_balancer_target_groups",
)


class GroupRules:
    """Refuses, in AWS's words, what moto lets pass."""

    def __init__(self) -> None:
        self._describe = AutoScalingResponse.describe_auto_scaling_groups
        self._create = AutoScalingBackend.create_auto_scaling_group
        self._update = AutoScalingBackend.update_auto_scaling_group
        self._set_desired = AutoScalingBackend.set_desired_capacity
        self._suspend = AutoScalingBackend.suspend_processes
        self._resume = AutoScalingBackend.resume_processes
        self._tag = AutoScalingBackend.create_or_update_tags
        self._untag = AutoScalingBackend.delete_tags

    def corrections(self) -> Iterator[Correction]:
        owner = AutoScalingBackend
        yield Correction(AutoScalingResponse, "describe_auto_scaling_groups", self.describe)
        yield Correction(owner, "create_auto_scaling_group", self.create)
        yield Correction(owner, "update_auto_scaling_group", self.update)
        yield Correction(owner, "set_desired_capacity", self.set_desired_capacity)
        yield Correction(owner, "suspend_processes", partial(self._processes, self._suspend))
        yield Correction(owner, "resume_processes", partial(self._processes, self._resume))
        yield Correction(owner, "create_or_update_tags", partial(self._tags, self._tag))
        yield Correction(owner, "delete_tags", partial(self._tags, self._untag))
        for name in _OF_A_GROUP:
            yield Correction(owner, name, partial(self._of_a_group, getattr(owner, name)))

    def describe(self, response: Any) -> Any:
        """DescribeAutoScalingGroups: no more names than records."""
        asked = response._get_params()
        names, most = asked.get("AutoScalingGroupNames") or [], int(asked.get("MaxRecords") or MOST_NAMES)
        if len(names) > most:
            raise ValidationError(f"The number of group names ({len(names)}) exceeds the maximum of {most}.")
        return self._describe(response)

    def create(self, backend: Any, name: str, *arguments: Any, **named: Any) -> Any:
        """CreateAutoScalingGroup: a name once, sizes in order, and no grace period unless asked for."""
        if name in backend.autoscaling_groups:
            text = "AutoScalingGroup by this name already exists - A group with the name {} already exists"
            raise ValidationError(text.format(name))
        smallest, largest = int(named["min_size"]), int(named["max_size"])
        wanted = named.get("desired_capacity")
        _in_order(smallest, smallest if wanted is None else int(wanted), largest)
        group: Any = self._create(backend, name, *arguments, **named)
        group.health_check_grace_period = int(named.get("health_check_period") or 0)
        return group

    def update(self, backend: Any, name: str, **named: Any) -> Any:
        """UpdateAutoScalingGroup: a new bound moves the desired capacity, unless that is given too."""
        sizes = (named.get("min_size"), named.get("desired_capacity"), named.get("max_size"))
        _, desired, _ = resized(found(backend, name), *sizes)
        return self._update(backend, name, **{**named, "desired_capacity": desired})

    def set_desired_capacity(self, backend: Any, name: str, desired: int) -> None:
        """SetDesiredCapacity: within the group's bounds."""
        group = found(backend, name)
        for bound, relation, broken in (
            (group.min_size, "below min", desired < group.min_size),
            (group.max_size, "above max", desired > group.max_size),
        ):
            if broken:
                raise ValidationError(
                    f"New SetDesiredCapacity value {desired} is {relation} value {bound} for the "
                    "AutoScalingGroup."
                )
        self._set_desired(backend, name, desired)

    def _processes(self, change: Any, backend: Any, name: str, processes: Sequence[str]) -> None:
        found(backend, name)
        if unknown := sorted(set(processes or ()) - PROCESSES):
            raise ValidationError(f"Invalid process(es) {unknown}. Valid ones are {sorted(PROCESSES)}.")
        change(backend, name, processes)

    def _tags(self, change: Any, backend: Any, tags: Sequence[Mapping[str, Any]]) -> None:
        for each in tags:
            found(backend, each["ResourceId"])
        change(backend, tags)

    def _of_a_group(self, call: Any, backend: Any, name: str, *arguments: Any) -> Any:
        found(backend, name)
        return call(backend, name, *arguments)


def found(backend: Any, name: str) -> Any:
    """Give the group of this name, or refuse the call as AWS does."""
    if name not in backend.autoscaling_groups:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return backend.autoscaling_groups[name]


def suspended(group: Any) -> set[str]:
    """Name the processes of a group that are suspended."""
    return {each["ProcessName"] for each in group.suspended_processes}


def resized(
    group: Any, smallest: int | None, desired: int | None, largest: int | None
) -> tuple[int, int, int]:
    """Give minimum, desired and maximum size after a change that names some of them, or refuse it."""
    smallest = group.min_size if smallest is None else smallest
    largest = group.max_size if largest is None else largest
    desired = min(max(group.desired_capacity, smallest), largest) if desired is None else desired
    _in_order(smallest, desired, largest)
    return smallest, desired, largest


def _in_order(smallest: int, desired: int, largest: int) -> None:
    if smallest > largest:
        text = f"Max bound, {largest}, must be greater than or equal to min bound, {smallest}"
        raise ValidationError(text)
    if not smallest <= desired <= largest:
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{smallest} and max "
            f"size:{largest}"
        )
