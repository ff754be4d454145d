"""Words to build a world with in which load balancers know their targets by address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.services.ec2.network import Network
from gocd.rehearsal.standin_aws.world import World


def address_group(
    world: World,
    name: str,
    targets: Sequence[Instance | str | dict[str, Any]],
    *,
    kind: Literal["application", "network"] = "application",
    protocol: str = "",
    network: Network | None = None,
    port: int = 8080,
    health_path: str = "/_status",
    deregistration_delay: int = 5,
    wait: bool = True,
) -> LoadBalancer:
    """Create a target group of type ``ip`` behind a load balancer named ``<name>-lb``.

    *targets* are instances, which stand for the primary address that EC2 gives them, addresses, or a target
    as RegisterTargets takes it; the instances are healthy when returned, if *wait*. *network* is the VPC, the
    world's own if none.
    """
    elbv2, network = world.client("elbv2"), network or world.network
    http = kind == "application"
    [balancer] = elbv2.create_load_balancer(
        Name=f"{name}-lb", Type=kind, Subnets=[network.subnet(zone) for zone in network.zones]
    )["LoadBalancers"]
    [group] = elbv2.create_target_group(
        Name=name,
        TargetType="ip",
        IpAddressType="ipv6" if any(isinstance(each, str) and ":" in each for each in targets) else "ipv4",
        Protocol=protocol or ("HTTP" if http else "TCP"),
        Port=port,
        VpcId=network.vpc,
        HealthCheckProtocol="HTTP",
        HealthCheckPath=health_path,
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )["TargetGroups"]
    arn = group["TargetGroupArn"]
    elbv2.modify_target_group_attributes(
        TargetGroupArn=arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": str(deregistration_delay)}],
    )
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP" if http else "TCP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    if targets:
        elbv2.register_targets(TargetGroupArn=arn, Targets=[_target(world, each) for each in targets])
    door, pool = world.parts.door_of(balancer["LoadBalancerArn"])
    made = LoadBalancer(name, kind, world.parts.plane.url(door), pool, arn, balancer["LoadBalancerArn"])
    if wait:
        world.wait_until_serving(made, [each for each in targets if isinstance(each, Instance)])
    return made


def primary_address(world: World, instance: Instance) -> str:
    """Give the address that EC2 says an instance has, wherever it really listens."""
    return str(_described(world, instance)["PrivateIpAddress"])


def give_address(world: World, instance: Instance, address: str) -> None:
    """Give the network interface of an instance a secondary address; what runs there answers at it too."""
    [interface, *_] = _described(world, instance)["NetworkInterfaces"]
    world.client("ec2").assign_private_ip_addresses(
        NetworkInterfaceId=interface["NetworkInterfaceId"], PrivateIpAddresses=[address]
    )


def give_interface(world: World, instance: Instance, address: str) -> None:
    """Attach a second network interface with this address; what runs on the instance answers at it too."""
    ec2 = world.client("ec2")
    made = ec2.create_network_interface(
        SubnetId=world.network.subnet(instance.zone), PrivateIpAddress=address
    )["NetworkInterface"]
    ec2.attach_network_interface(
        NetworkInterfaceId=made["NetworkInterfaceId"], InstanceId=instance.id, DeviceIndex=1
    )


def give_ipv6(world: World, instance: Instance, address: str) -> None:
    """Give the network interface of an instance an address of IPv6; what runs there answers at it too."""
    [interface, *_] = _described(world, instance)["NetworkInterfaces"]
    world.client("ec2").assign_ipv6_addresses(
        NetworkInterfaceId=interface["NetworkInterfaceId"], Ipv6Addresses=[address]
    )


def _target(world: World, target: Instance | str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(target, dict):
        return target
    return {"Id": primary_address(world, target) if isinstance(target, Instance) else target}


def _described(world: World, instance: Instance) -> dict[str, Any]:
    [reservation] = world.client("ec2").describe_instances(InstanceIds=[instance.id])["Reservations"]
    described: dict[str, Any] = reservation["Instances"][0]
    return described
