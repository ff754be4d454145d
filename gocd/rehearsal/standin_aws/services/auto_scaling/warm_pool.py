"""Warm pools: instances of a group that wait, stopped or running, until it grows.

Sources: Amazon EC2 Auto Scaling user guide, Warm pools (size: up to the maximum size, or what
MaxGroupPreparedCapacity says, less the desired capacity, at least MinSize), Lifecycle state transitions in a
warm pool; API reference, DescribeWarmPool, DescribeAutoScalingInstances.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import found


class WarmPools:
    """Keeps each pool full; DescribeAutoScalingInstances lists what is in it, DescribeAutoScalingGroups not.

    A pool gives way to a group that grows, but no instance moves from it into the group: another is launched.
    """

    def __init__(self) -> None:
        self._describe = AutoScalingBackend.describe_auto_scaling_instances
        self._launch = FakeAutoScalingGroup.replace_autoscaling_group_instances

    def corrections(self) -> Iterator[Correction]:
        yield Correction(AutoScalingBackend, "describe_auto_scaling_instances", self.instances)
        yield Correction(AutoScalingResponse, "describe_warm_pool", self.describe)

    def instances(self, backend: Any, instance_ids: Sequence[str]) -> list[Any]:
        """DescribeAutoScalingInstances: those in warm pools too."""
        warm = [each for group in backend.autoscaling_groups.values() for each in _warm(group)]
        asked = [each for each in warm if not instance_ids or each.instance.id in instance_ids]
        return [*self._describe(backend, list(instance_ids)), *asked]

    def describe(self, response: Any) -> ActionResult:
        """DescribeWarmPool."""
        group = found(response.autoscaling_backend, response._get_params()["AutoScalingGroupName"])
        configuration = group.get_warm_pool()
        return ActionResult({"WarmPoolConfiguration": configuration, "Instances": list(_warm(group))})

    def fill(self, group: Any) -> None:
        """Bring a group's warm pool to its size."""
        pool = group.get_warm_pool()
        size = 0
        if pool:
            prepared = pool.max_group_prepared_capacity
            most = group.max_size if prepared in (None, -1) else int(prepared)
            size = max(int(pool.min_size), most - group.desired_capacity)
        members = list(group.instance_states)
        missing = size - len(_warm(group))
        if missing > 0:
            self._launch(group, missing, group.get_propagated_tags())
            for launched in [each for each in group.instance_states if each not in members]:
                launched.lifecycle_state = f"Warmed:{pool.pool_state}"
                if pool.pool_state != "Running":
                    group.ec2_backend.stop_instances([launched.instance.id])
                group.instance_states.remove(launched)
                _warm(group).append(launched)
        for surplus in _warm(group)[size:]:
            group.ec2_backend.terminate_instances([surplus.instance.id])
            _warm(group).remove(surplus)


def _warm(group: Any) -> list[Any]:
    """Give the members of a group's warm pool."""
    if not hasattr(group, "warm"):
        group.warm = []
    warm: list[Any] = group.warm
    return warm
