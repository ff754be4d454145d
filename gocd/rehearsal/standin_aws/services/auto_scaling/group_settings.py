"""What a group is told at its creation and moto drops, and who is told of its instances.

Sources: Amazon EC2 Auto Scaling API reference (CreateAutoScalingGroup, UpdateAutoScalingGroup,
LifecycleHookSpecification, PutNotificationConfiguration, TrafficSourceIdentifier).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore import xform_name
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.services.auto_scaling.group_rules import found

# Told back as they were given.
KEPT = (
    *("AvailabilityZoneDistribution", "AvailabilityZoneImpairmentPolicy", "CapacityReservationSpecification"),
    *("Context", "DefaultInstanceWarmup", "DeletionProtection", "DesiredCapacityType"),
    *("InstanceLifecyclePolicy", "InstanceMaintenancePolicy", "MaxInstanceLifetime"),
)


class GroupSettings:
    """Keeps them, hooks of the creation among them, and refuses target groups that there are not."""

    def __init__(self) -> None:
        self._create = AutoScalingResponse.create_auto_scaling_group
        self._update = AutoScalingResponse.update_auto_scaling_group
        self._put_hook = AutoScalingResponse.put_lifecycle_hook
        self._notified: dict[tuple[str, str], set[str]] = {}

    def corrections(self) -> Iterator[Correction]:
        owner = AutoScalingResponse
        yield Correction(owner, "create_auto_scaling_group", self.create)
        yield Correction(owner, "update_auto_scaling_group", self.update)
        yield Correction(owner, "put_lifecycle_hook", self.put_hook)
        yield Correction(owner, "put_notification_configuration", self.notify, added=True)
        yield Correction(owner, "describe_notification_configurations", self.notified, added=True)
        yield Correction(owner, "delete_notification_configuration", self.forget_notified, added=True)

    def forget(self) -> None:
        self._notified.clear()

    def create(self, response: Any) -> Any:
        """CreateAutoScalingGroup: with target groups that exist, and hooks that hold the first instances."""
        asked, backend = response._get_params(), response.autoscaling_backend
        known = elbv2_backends[backend.account_id][backend.region_name].target_groups
        if unknown := [each for each in asked.get("TargetGroupARNs") or [] if each not in known]:
            text = "Provided Target Groups may not be valid. Please ensure they exist and try again."
            raise ValidationError(f"{text} - {unknown[0]}")
        if any(each["Key"].startswith("aws:") for each in asked.get("Tags") or []):
            raise ValidationError("Tag keys that begin with aws: are reserved for AWS")
        created: Any = self._create(response)
        group = backend.autoscaling_groups[asked["AutoScalingGroupName"]]
        for source in asked.get("TrafficSources") or []:
            group.target_group_arns.append(source["Identifier"])
        _keep(group, asked)
        for hook in asked.get("LifecycleHookSpecificationList") or []:
            _add_hook(backend, group.name, hook)
        return created

    def update(self, response: Any) -> Any:
        """UpdateAutoScalingGroup: the same members."""
        asked = response._get_params()
        updated: Any = self._update(response)
        _keep(response.autoscaling_backend.autoscaling_groups[asked["AutoScalingGroupName"]], asked)
        return updated

    def put_hook(self, response: Any) -> Any:
        """PutLifecycleHook: tells only whom it was told to tell."""
        asked = response._get_params()
        _add_hook(response.autoscaling_backend, asked["AutoScalingGroupName"], asked)
        return EmptyResult()

    def notify(self, response: Any) -> Any:
        """PutNotificationConfiguration: a topic's kinds of notification are replaced as a whole."""
        asked = response._get_params()
        group = found(response.autoscaling_backend, asked["AutoScalingGroupName"])
        self._notified[group.name, asked["TopicARN"]] = set(asked["NotificationTypes"])
        return EmptyResult()

    def notified(self, response: Any) -> ActionResult:
        """DescribeNotificationConfigurations: one entry for each kind."""
        names = response._get_params().get("AutoScalingGroupNames") or []
        told = [
            {"AutoScalingGroupName": group, "TopicARN": topic, "NotificationType": kind}
            for (group, topic), kinds in self._notified.items()
            for kind in sorted(kinds)
            if not names or group in names
        ]
        return ActionResult({"NotificationConfigurations": told})

    def forget_notified(self, response: Any) -> Any:
        """DeleteNotificationConfiguration."""
        asked = response._get_params()
        self._notified.pop((asked["AutoScalingGroupName"], asked["TopicARN"]), None)
        return EmptyResult()


def _keep(group: Any, asked: Mapping[str, Any]) -> None:
    for name in KEPT:
        if asked.get(name) is not None:
            setattr(group, xform_name(name), asked[name])


def _add_hook(backend: Any, group: str, asked: Mapping[str, Any]) -> None:
    hook = backend.create_lifecycle_hook(
        asked["LifecycleHookName"],
        found(backend, group).name,
        asked.get("LifecycleTransition"),
        int(asked.get("HeartbeatTimeout") or 0),
        asked.get("DefaultResult"),
    )
    hook.role_arn, hook.notification_target_arn = asked.get("RoleARN"), asked.get("NotificationTargetARN")
    hook.notification_metadata = asked.get("NotificationMetadata")
