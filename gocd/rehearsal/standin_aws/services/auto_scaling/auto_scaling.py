"""Auto Scaling groups and the load balancers attached to them, as AWS ties them together.

Sources: Amazon EC2 Auto Scaling API reference (EnterStandby, ExitStandby); user guide, Temporarily remove
instances, Attach a load balancer, Suspend and resume processes, Amazon EC2 Auto Scaling instance lifecycle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    EnterStandbyActivity,
    ExitStandbyActivity,
    autoscaling_backends,
)
from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.auto_scaling.activities import Activities
from gocd.rehearsal.standin_aws.services.auto_scaling.deletion import Deletion
from gocd.rehearsal.standin_aws.services.auto_scaling.group_health import GroupHealth
from gocd.rehearsal.standin_aws.services.auto_scaling.group_members import GroupMembers
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import GroupRules, found, suspended
from gocd.rehearsal.standin_aws.services.auto_scaling.group_scaling import GroupScaling
from gocd.rehearsal.standin_aws.services.auto_scaling.group_settings import GroupSettings
from gocd.rehearsal.standin_aws.services.auto_scaling.instance_refresh import InstanceRefreshes
from gocd.rehearsal.standin_aws.services.auto_scaling.lifecycle_hooks import (
    LAUNCHING,
    TERMINATING,
    LifecycleHooks,
)
from gocd.rehearsal.standin_aws.services.auto_scaling.warm_pool import WarmPools
from gocd.rehearsal.standin_aws.services.elb.classic_load_balancers import ClassicLoadBalancers
from gocd.rehearsal.standin_aws.settings import Settings

# A group's load balancer and one of its members: what the group itself has registered.
Registered = set[tuple[str, str]]
# How many instances EnterStandby and ExitStandby take in one call.
MOST_IDS = 20
# Seconds that a member is Pending before it is InService.
PENDING_FOR = 0.3


class AutoScaling:
    """Standby that drains first, and members that a group registers once and not again and again."""

    def __init__(self, settings: Settings, instances: Instances, classics: ClassicLoadBalancers) -> None:
        self._instances = instances
        self._now = settings.clock
        self._region = settings.region
        self._rules = GroupRules()
        self._settings = GroupSettings()
        self._activities = Activities(settings.clock)
        self._members = GroupMembers(settings.clock, self._activities)
        self._scaling = GroupScaling(settings.clock)
        self._refreshes = InstanceRefreshes(settings.clock)
        self._hooks = LifecycleHooks(settings.clock)
        self._pools = WarmPools()
        self._health = GroupHealth(instances, classics, settings.clock)
        self._registered: dict[str, Registered] = {}

    def corrections(self) -> Iterator[Correction]:
        parts = (self._rules, self._settings, self._activities, self._members, self._scaling)
        for part in (*parts, self._refreshes, self._hooks, self._pools, Deletion(self.delete)):
            yield from part.corrections()
        yield Correction(AutoScalingBackend, "enter_standby_instances", self.enter_standby)
        yield Correction(AutoScalingBackend, "exit_standby_instances", self.exit_standby)
        yield Correction(AutoScalingBackend, "update_attached_elbs", self.settle)
        yield Correction(AutoScalingBackend, "update_attached_target_groups", self.settle)
        yield Correction(AutoScalingBackend, "notify_terminate_instances", _left_to_health_checks)

    def forget(self) -> None:
        """Drop what is known of the groups."""
        self._registered.clear()
        self._refreshes.forget()
        self._settings.forget()

    def delete(self, backend: Any, name: str) -> None:
        """End a group: its members leave its load balancers, and are terminated with it."""
        group = found(backend, name)
        for balancer, each in self._registered.get(name, set()):
            if self._instances.state(each) == "running":
                self._change(balancer, each, "deregister")
        for member in (*group.instance_states, *getattr(group, "warm", ())):
            self._terminate(group, member)
        del backend.autoscaling_groups[name]
        self._registered.pop(name, None)

    def enter_standby(self, backend: Any, name: str, ids: Sequence[str], decrement: bool) -> list[Any]:
        """EnterStandby: out of the load balancers first; refused below the minimum size."""
        group = found(backend, name)
        members = _members(group, ids, "InService")
        size = group.desired_capacity
        if decrement and size - len(members) < group.min_size:
            raise _sizes(group, "place into standby", len(members))
        for member in members:
            member.lifecycle_state = "EnteringStandby"
        group.set_desired_capacity(size - len(members) if decrement else size)
        self.settle(backend, name)
        return [EnterStandbyActivity(member.instance, size) for member in members]

    def exit_standby(self, backend: Any, name: str, ids: Sequence[str]) -> list[Any]:
        """ExitStandby: from Standby, up to the maximum size; back in the load balancers a moment later."""
        group = found(backend, name)
        members = _members(group, ids, "Standby")
        size = group.desired_capacity
        if "Launch" in suspended(group):
            raise ValidationError(f"The Launch process of AutoScalingGroup {name} is suspended.")
        if size + len(members) > group.max_size:
            raise _sizes(group, "move out of standby", len(members))
        group.desired_capacity = size + len(members)
        for member in members:
            member.lifecycle_state, member.health_status, member.since = "Pending", "Healthy", self._now()
            member.launched = False
        return [ExitStandbyActivity(member.instance, size) for member in members]

    def settle(self, backend: Any, name: str) -> None:
        """Register members that are new in service, deregister those in service no more.

        A member that somebody deregistered by hand stays out, and a suspended AddToLoadBalancer adds none.
        """
        group = found(backend, name)
        known = self._registered.setdefault(name, set())
        balancers = [*group.target_group_arns, *group.load_balancer_names]
        serving = [each.instance.id for each in group.instance_states if each.lifecycle_state == "InService"]
        wanted = {(balancer, each) for balancer in balancers for each in serving}
        for balancer, each in wanted - known:
            known.add((balancer, each))
            running = self._instances.state(each) == "running"
            if running and "AddToLoadBalancer" not in suspended(group):
                self._change(balancer, each, "register")
        for balancer, each in known - wanted:
            known.discard((balancer, each))
            if balancer in balancers and self._instances.state(each) not in {None, "terminated"}:
                self._change(balancer, each, "deregister")

    def advance(self) -> None:
        """Let time pass: members come and go, each state as long as it takes."""
        backend = autoscaling_backends[ACCOUNT][self._region]
        for name, group in list(backend.autoscaling_groups.items()):
            for member in list(group.instance_states):
                self._move_on(backend, group, member)
            self._health.check(group)
            self._scaling.act(backend, group)
            self._refreshes.act(group)
            self._members.keep(group)
            self._pools.fill(group)
            self.settle(backend, name)

    def in_service(self, name: str) -> set[str]:
        """Give the ids of the members of a group that are InService."""
        group = autoscaling_backends[ACCOUNT][self._region].autoscaling_groups[name]
        return {each.instance.id for each in group.instance_states if each.lifecycle_state == "InService"}

    def _move_on(self, backend: Any, group: Any, member: Any) -> None:
        state = member.lifecycle_state
        if state == "Pending" and self._now() - member.since >= PENDING_FOR:
            held = member.launched and self._hooks.hold(backend, member, LAUNCHING)
            member.lifecycle_state, member.since = "Pending:Wait" if held else "InService", self._now()
        elif state == "Pending:Wait" and self._hooks.verdict(member) and member.lifecycle_state == state:
            member.lifecycle_state, member.since = "InService", self._now()
        elif state == "EnteringStandby" and not self._listed(group, member.instance.id):
            member.lifecycle_state = "Standby"
        elif state == "Terminating" and not self._listed(group, member.instance.id):
            if self._hooks.hold(backend, member, TERMINATING):
                member.lifecycle_state = "Terminating:Wait"
            else:
                self._end(group, member)
        elif state == "Terminating:Wait" and self._hooks.verdict(member):
            self._end(group, member)

    def _end(self, group: Any, member: Any) -> None:
        self._terminate(group, member)
        group.instance_states.remove(member)

    def _terminate(self, group: Any, member: Any) -> None:
        if self._instances.state(member.instance.id) not in {None, "terminated"}:
            group.ec2_backend.terminate_instances([member.instance.id])

    def _change(self, balancer: str, instance_id: str, verb: str) -> None:
        # A load balancer may be deleted before the groups that it is attached to.
        groups, classics = elbv2_backends[ACCOUNT][self._region], elb_backends[ACCOUNT][self._region]
        if balancer in groups.target_groups:
            getattr(groups, f"{verb}_targets")(balancer, [{"Id": instance_id}])
        elif balancer in classics.load_balancers:
            change = getattr(classics, f"{verb}_instances")
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


def _members(group: Any, ids: Sequence[str], state: str) -> list[Any]:
    if len(ids) > MOST_IDS:
        text = f"'instanceIds' failed to satisfy constraint: Member must have at most {MOST_IDS} values"
        raise ValidationError(f"1 validation error detected: Value '[{', '.join(ids)}]' at {text}")
    members = {each.instance.id: each for each in group.instance_states}
    for each in ids:
        if each not in members:
            raise ValidationError(f"The instance {each} is not part of Auto Scaling group {group.name}.")
        if members[each].lifecycle_state != state:
            raise ValidationError(f"The instance {each} is not in {state}.")
    return [members[each] for each in ids]


def _sizes(group: Any, purpose: str, count: int) -> ValidationError:
    return ValidationError(
        f"AutoScalingGroup {group.name} has min-size={group.min_size}, max-size={group.max_size}, and "
        f"desired-size={group.desired_capacity}. To {purpose} {count} instance{'s' if count > 1 else ''}, "
        "please update the AutoScalingGroup sizes appropriately."
    )


def _left_to_health_checks(backend: Any, instance_ids: Sequence[str]) -> None:
    """A member that somebody terminates is found missing, and replaced, like any that does not run."""
