"""The Auto Scaling groups of a blue/green deployment: one copied, its copy awaited, the first one ended.

Sources: CodeDeploy user guide, Create a deployment group for an EC2/On-Premises blue/green deployment;
CodeDeploy API reference, GreenFleetProvisioningOption, BlueInstanceTerminationOption.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from moto.autoscaling.models import autoscaling_backends

from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.machines.instances import Instance, Instances

# What a copy has as the original has it: all but its name and its load balancers.
COPIED = (
    *("MinSize", "MaxSize", "DesiredCapacity", "VPCZoneIdentifier"),
    *("DefaultCooldown", "HealthCheckType", "HealthCheckGracePeriod", "TerminationPolicies"),
)


class Fleets:
    """Auto Scaling groups by name, changed through the API as CodeDeploy's service role does it."""

    def __init__(self, client: Callable[[str], Any], instances: Instances, region: str) -> None:
        self._client = client
        self._instances = instances
        self._region = region

    def copy(self, name: str, new: str) -> None:
        """Create the group *new* as *name* is, its own instances launched; no load balancer knows it."""
        described = self._described(name)
        template = described["LaunchTemplate"]
        self._client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=new,
            LaunchTemplate={key: template[key] for key in ("LaunchTemplateId", "Version") if key in template},
            Tags=[
                {k: v for k, v in tag.items() if not k.startswith("Resource")} for tag in described["Tags"]
            ],
            **{key: described[key] for key in COPIED},
        )

    def members(self, name: str) -> list[Instance]:
        """Give the instances of a group that run; fewer than it wants while some still boot."""
        ids = [each["InstanceId"] for each in self._described(name)["Instances"]]
        known = [self._instances.get(each) for each in ids]
        return [each for each in known if each and self._instances.state(each.id) == "running"]

    def size(self, name: str) -> int:
        """Give how many instances a group wants to have."""
        return int(self._described(name)["DesiredCapacity"])

    def target_groups(self, name: str) -> list[str]:
        """Give the ARNs of the target groups that a group is attached to."""
        return list(self._described(name)["TargetGroupARNs"])

    def attach(self, name: str, target_groups: Sequence[str]) -> None:
        missing = [arn for arn in target_groups if arn not in self.target_groups(name)]
        if missing:
            self._client("autoscaling").attach_load_balancer_target_groups(
                AutoScalingGroupName=name, TargetGroupARNs=missing
            )

    def release(self, name: str, target_groups: Sequence[str]) -> None:
        """Leave to CodeDeploy which instances of a group are registered: the API's detach deregisters all."""
        group = autoscaling_backends[ACCOUNT][self._region].autoscaling_groups[name]
        group.target_group_arns = [arn for arn in group.target_group_arns if arn not in target_groups]

    def end(self, name: str) -> None:
        """Delete a group, which terminates its instances."""
        self._client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)

    def _described(self, name: str) -> dict[str, Any]:
        found = self._client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
            "AutoScalingGroups"
        ]
        if not found:
            raise LookupError(f"The Auto Scaling group {name} does not exist.")
        described: dict[str, Any] = found[0]
        return described
