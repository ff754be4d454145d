"""A group behind a load balancer whose members go to Standby, and what that may change in it."""

from dataclasses import dataclass
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World

ZONES = ("eu-west-1a", "eu-west-1b")


@dataclass
class Group:
    cloud: World
    balancer: LoadBalancer
    members: list[Instance]

    def look(self) -> dict[str, Any]:
        """All that a Standby may change in it."""
        [group] = self.cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return {
            "sizes": (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]),
            "suspended": {each["ProcessName"] for each in group["SuspendedProcesses"]},
            "tags": {tag["Key"]: tag["Value"] for tag in group["Tags"]},
            "states": {each["InstanceId"]: each["LifecycleState"] for each in group["Instances"]},
        }

    def remembered(self) -> set[str]:
        tags = self.cloud.client("ec2").describe_tags()["Tags"]
        return {tag["ResourceId"] for tag in tags if tag["Key"].startswith("gocd-tasks:")}


@pytest.fixture
def group(cloud: World, sample: Service) -> Group:
    """Three members, which is the least and the most that it may have."""
    balancer = cloud.target_group("web", deregistration_delay=1)
    members = cloud.auto_scaling_group(
        "fleet", size=3, min_size=3, service=sample, load_balancers=[balancer], zones=ZONES
    )
    return Group(cloud, balancer, members)
