"""Auto Scaling groups and the load balancers attached to them, as AWS ties them together.

Sources: Amazon EC2 Auto Scaling API reference (EnterStandby, ExitStandby); user guide, Temporarily remove
instances, Attach a load balancer, Suspend and resume processes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    EnterStandbyActivity,
    ExitStandbyActivity,
    FakeAutoScalingGroup,
)
from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.corrections import Correction
from gocd.rehearsal.standin_aws.instances import Instance, Instances, Service
from gocd.rehearsal.standin_aws.wire import ACCOUNT

# A group's load balancer and one of its members: what the group itself has registered.
Registered = set[tuple[str, str]]


class AutoScaling:
    """Standby that drains first, and members that a group registers once and not again and again.

    *services* says, by group, what runs on the instances that a group launches.
    """

    def __init__(self, instances: Instances, region: str) -> None:
        self.services: dict[str, Service] = {}
        self._instances = instances
        self._region = region
        self._registered: dict[str, Registered] = {}
        self._booting: set[str] = set()

    def corrections(self) -> Iterator[Correction]:
        yield Correction(FakeAutoScalingGroup, "active_instances", self.active_instances)
        yield Correction(AutoScalingBackend, "enter_standby_instances", self.enter_standby)
        yield Correction(AutoScalingBackend, "exit_standby_instances", self.exit_standby)
        yield Correction(AutoScalingBackend, "update_attached_elbs", self.settle)
        yield Correction(AutoScalingBackend, "update_attached_target_groups", self.settle)

    def forget(self) -> None:
        self.services.clear()
        self._registered.clear()
        self._booting.clear()

    def active_instances(self, group: Any) -> list[Any]:
        """List the members that count towards the desired capacity."""
        return [each for each in group.instance_states if each.lifecycle_state in {"InService", "Pending"}]

    def enter_standby(self, backend: Any, name: str, ids: Sequence[str], decrement: bool) -> list[Any]:
        """EnterStandby: out of the load balancers first; refused below the minimum size."""
        group = _group(backend, name)
        members = _members(group, ids, "InService")
        size = group.desired_capacity
        if decrement and size - len(members) < group.min_size:
            raise ValidationError(
                f"AutoScalingGroup {name} has min-size={group.min_size}, max-size={group.max_size}, and "
                f"desired-size={size}. To place into standby {len(members)} instance, please update the "
                "AutoScalingGroup sizes appropriately."
            )
        for member in members:
            member.lifecycle_state = "EnteringStandby"
        group.set_desired_capacity(size - len(members) if decrement else size)
        self.settle(backend, name)
        return [EnterStandbyActivity(member.instance, size) for member in members]

    def exit_standby(self, backend: Any, name: str, ids: Sequence[str]) -> list[Any]:
        """ExitStandby: only from Standby; back in the load balancers a moment later."""
        group = _group(backend, name)
        members = _members(group, ids, "Standby")
        size = group.desired_capacity
        group.desired_capacity = size + len(members)
        for member in members:
            member.lifecycle_state = "Pending"
        return [ExitStandbyActivity(member.instance, size) for member in members]

    def settle(self, backend: Any, name: str) -> None:
        """Register members that are new in service, deregister those in service no more.

        A member that somebody deregistered by hand stays out, and a suspended AddToLoadBalancer adds none.
        """
        group = _group(backend, name)
        known = self._registered.setdefault(name, set())
        balancers = [*group.target_group_arns, *group.load_balancer_names]
        serving = [each.instance.id for each in group.instance_states if each.lifecycle_state == "InService"]
        wanted = {(balancer, each) for balancer in balancers for each in serving}
        for balancer, each in wanted - known:
            known.add((balancer, each))
            running = self._instances.state(each) == "running"
            if running and "AddToLoadBalancer" not in group.suspended_processes:
                self._change(backend, balancer, each, "register")
        for balancer, each in known - wanted:
            known.discard((balancer, each))
            if balancer in balancers and self._instances.state(each) is not None:
                self._change(backend, balancer, each, "deregister")

    def advance(self, backend: Any) -> None:
        """Let time pass: Standby is reached when the drain is over, service when Standby was left."""
        for name, group in list(backend.autoscaling_groups.items()):
            for member in group.instance_states:
                if member.lifecycle_state == "EnteringStandby" and not self._listed(
                    group, member.instance.id
                ):
                    member.lifecycle_state = "Standby"
                elif member.lifecycle_state == "Pending":
                    member.lifecycle_state = "InService"
            self.settle(backend, name)
            if name in self.services:
                self._boot(group, self.services[name])

    def _boot(self, group: Any, service: Service) -> None:
        for member in group.instance_states:
            launched = member.instance
            if launched.id in self._booting or self._instances.get(launched.id):
                continue
            self._booting.add(launched.id)
            root = self._instances.root_of(f"{group.name}-{launched.id}")
            instance = Instance(
                launched.id, group.name, launched.private_ip, launched.availability_zone, root, service
            )
            # Booting takes a while, and the control plane must answer meanwhile.
            threading.Thread(target=self._instances.add, args=(instance,), daemon=True).start()

    def _change(self, backend: Any, balancer: str, instance_id: str, verb: str) -> None:
        if balancer.startswith("arn:"):
            change = getattr(elbv2_backends[ACCOUNT][backend.region_name], f"{verb}_targets")
            change(balancer, [{"Id": instance_id}])
        else:
            change = getattr(elb_backends[ACCOUNT][backend.region_name], f"{verb}_instances")
            change(balancer, [instance_id], from_autoscaling=True)

    def _listed(self, group: Any, instance_id: str) -> bool:
        groups = elbv2_backends[ACCOUNT][self._region].target_groups
        classics = elb_backends[ACCOUNT][self._region].load_balancers
        return any(
            each.id == instance_id
            for arn in group.target_group_arns
            if arn in groups
            for each in groups[arn].targets.values()
        ) or any(
            instance_id in classics[name].members for name in group.load_balancer_names if name in classics
        )


def _group(backend: Any, name: str) -> Any:
    if name not in backend.autoscaling_groups:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return backend.autoscaling_groups[name]


def _members(group: Any, ids: Sequence[str], state: str) -> list[Any]:
    members = {each.instance.id: each for each in group.instance_states}
    for each in ids:
        if each not in members:
            raise ValidationError(f"The instance {each} is not part of Auto Scaling group {group.name}.")
        if members[each].lifecycle_state != state:
            raise ValidationError(f"The instance {each} is not in {state}.")
    return [members[each] for each in ids]
