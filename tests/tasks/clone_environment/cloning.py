"""What the tests of clones have: a group behind a target group, and a stack that comes up with one."""

from collections.abc import Mapping
from typing import Any

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import in_time
from tests.gocd.rehearsal.standin_aws.services.cloud_formation.fleet import FLEET

ASKED = ("--status-url", "http://{private_ip}:8080/_status", "--expect-json", "version={version}")


def blue_group(cloud: World, sample: Service, size: int = 1, **more: Any) -> LoadBalancer:
    """An Auto Scaling group named blue behind a target group of that name; gives the target group."""
    made = cloud.target_group("blue", deregistration_delay=1)
    cloud.auto_scaling_group("blue", size=size, max_size=3, service=sample, load_balancers=[made], **more)
    return made


def blue_stack(cloud: World, sample: Service, template: str = FLEET, **more: Any) -> str:
    """A stack named blue from *template*, whole when this returns; gives its id."""
    values = {
        "Image": cloud.machine_image("web-1.0", sample),
        "Subnets": cloud.network.subnet("eu-west-1a"),
        "Network": cloud.network.vpc,
        "Password": "first-hush",
    }
    return stack(cloud, "blue", template, values, **more)


def stack(
    cloud: World, name: str, template: str, values: Mapping[str, str] | None = None, **more: Any
) -> str:
    made = cloud.client("cloudformation").create_stack(
        StackName=name,
        TemplateBody=template,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in (values or {}).items()],
        **more,
    )["StackId"]
    in_time(cloud, lambda: described(cloud, made)["StackStatus"], "CREATE_COMPLETE")
    return str(made)


def described(cloud: World, name: str) -> Any:
    [found] = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return found


def group(cloud: World, name: str) -> Any:
    """What DescribeAutoScalingGroups says of one group; None if there is none."""
    found = cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return next(iter(found["AutoScalingGroups"]), None)


def target_group(cloud: World, name: str) -> Any:
    found = cloud.client("elbv2").describe_target_groups()["TargetGroups"]
    return next((each for each in found if each["TargetGroupName"] == name), None)
