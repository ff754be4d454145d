"""A running stand-in AWS: an endpoint, and plain words to build a world of instances and load balancers with.

Everything is made through the API, as any other client would make it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from gocd.errors import GoCDError
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.machines.loopback import LoopbackNetwork
from gocd.rehearsal.standin_aws.services.ec2.network import Network
from gocd.rehearsal.standin_aws.services.functions.functions import Handler, Invocation

if TYPE_CHECKING:
    from gocd.rehearsal.standin_aws.parts import Parts

# Seconds between two looks at what is waited for.
PAUSE = 0.02


class World:
    """The one region of a stand-in AWS; *say* is told of each instance."""

    def __init__(self, parts: Parts, loopback: LoopbackNetwork, say: Callable[[str], None]) -> None:
        self.parts = parts
        self.journal, self.faults = parts.journal, parts.faults
        self.region, self.folder = parts.settings.region, parts.settings.folder
        self.mark, self.instances_mark = parts.settings.mark, parts.settings.instances_mark
        self.network = Network(self.region, loopback)
        self.zones = self.network.zones
        self.endpoint_url = parts.control_plane.url
        self._say = say

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables that point a child process's AWS clients here and nowhere else."""
        return self.parts.client.environment

    @property
    def ending(self) -> dict[str, str]:
        """Give the variables of a child process that is to end when this does, even if this is killed."""
        return {guardian.MARK: f"{self.mark}/rehearsal"}

    def reset(self) -> None:
        """Return to an empty AWS without journal and faults; Envoy and the endpoint stay."""
        self.parts.reset()
        self.network.forget()

    def let_pass(self, seconds: float) -> None:
        """Let time pass at once for all that AWS waits for; programs and health checks take their own."""
        self.parts.let_pass(seconds)

    def client(self, service: str) -> Any:
        """Give a botocore client for arranging a world: its calls are in no journal and meet no fault."""
        return self.parts.client(service)

    def lambda_function(self, name: str, handler: Handler) -> str:
        """Have *handler* answer the invocations of a Lambda function; gives the function's ARN."""
        return self.parts.functions.add(name, handler)

    @property
    def invocations(self) -> list[Invocation]:
        """Every run of a Lambda function that has ended, oldest first."""
        return list(self.parts.functions.invocations)

    def launch(self, name: str, *, zone: str | None = None, service: Service | None = None) -> Instance:
        """Launch an instance with this Name tag and start its service.

        Raises:
            GoCDError: the service does not start.
        """
        zone = zone or f"{self.region}a"
        with self.parts.control_plane.lock:
            instance_id, address = self.network.launch(name, zone)
        instances = self.parts.instances
        known = {each.root for each in instances}
        root = instances.root_of(name)
        if root in known:
            root = instances.root_of(f"{name}-{instance_id}")
        instance = Instance(instance_id, name, address, zone, root, service)
        instances.add(instance)
        self._say(f"{name}: {instance.id} at {instance.private_ip} in {zone}")
        return instance

    def machine_image(self, name: str, service: Service) -> str:
        """Register an image of this name: what is launched from it runs *service*; gives its id."""
        image = str(self.client("ec2").register_image(Name=name)["ImageId"])
        self.parts.images[image] = service
        return image

    def auto_scaling_group(
        self,
        name: str,
        *,
        size: int,
        service: Service | None = None,
        load_balancers: Sequence[LoadBalancer] = (),
        min_size: int = 0,
        max_size: int | None = None,
        zone: str | None = None,
        zones: Sequence[str] = (),
        health_check_type: Literal["EC2", "ELB"] = "EC2",
        wait: bool = True,
    ) -> list[Instance]:
        """Create an Auto Scaling group of *size* instances; they serve when returned, if *wait*.

        They are spread over *zones*, or all in *zone*; *max_size* is *size* if none is given.
        """
        image = self.machine_image(name, service or Service(exec_start=()))
        self.client("ec2").create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"},
        )
        self.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": name},
            MinSize=min_size,
            MaxSize=size if max_size is None else max_size,
            DesiredCapacity=size,
            VPCZoneIdentifier=",".join(
                self.network.subnet(each) for each in zones or [zone or self.zones[0]]
            ),
            HealthCheckType=health_check_type,
            TargetGroupARNs=[each.arn for each in load_balancers if each.kind != "classic"],
            LoadBalancerNames=[each.name for each in load_balancers if each.kind == "classic"],
            Tags=[{"Key": "Name", "Value": name, "PropagateAtLaunch": True}],
        )
        launched = self._booted(name, size)
        for balancer in load_balancers if wait else ():
            self.wait_until_serving(balancer, launched)
        return launched

    def target_group(
        self,
        name: str,
        *,
        kind: Literal["application", "network"] = "application",
        instances: Sequence[Instance] = (),
        port: int = 8080,
        health_path: str = "/_status",
        deregistration_delay: int = 5,
        interval: int = 5,
        timeout: int = 2,
        healthy_threshold: int = 2,
        unhealthy_threshold: int = 2,
        cross_zone: bool | None = None,
        zones: Sequence[str] = (),
        balancer: str = "",
        wait: bool = True,
    ) -> LoadBalancer:
        """Create a target group behind a load balancer named *balancer*; healthy when returned, if *wait*.

        *balancer*: ``<name>-lb`` if none; *cross_zone*: left alone if none; *zones*: all are enabled if none.
        """
        elbv2 = self.client("elbv2")
        http = kind == "application"
        [front] = elbv2.create_load_balancer(
            Name=balancer or f"{name}-lb",
            Type=kind,
            Subnets=[self.network.subnet(zone) for zone in zones or self.zones],
        )["LoadBalancers"]
        [group] = elbv2.create_target_group(
            Name=name,
            Protocol="HTTP" if http else "TCP",
            Port=port,
            VpcId=self.network.vpc,
            HealthCheckProtocol="HTTP",
            HealthCheckPath=health_path,
            HealthCheckIntervalSeconds=interval,
            HealthCheckTimeoutSeconds=timeout,
            HealthyThresholdCount=healthy_threshold,
            UnhealthyThresholdCount=unhealthy_threshold,
        )["TargetGroups"]
        arn = group["TargetGroupArn"]
        attributes = {"deregistration_delay.timeout_seconds": str(deregistration_delay)}
        if cross_zone is not None:
            attributes["load_balancing.cross_zone.enabled"] = str(cross_zone).lower()
        elbv2.modify_target_group_attributes(
            TargetGroupArn=arn, Attributes=[{"Key": k, "Value": v} for k, v in attributes.items()]
        )
        elbv2.create_listener(
            LoadBalancerArn=front["LoadBalancerArn"],
            Protocol="HTTP" if http else "TCP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
        )
        if instances:
            elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": each.id} for each in instances])
        door, pool = self.parts.door_of(front["LoadBalancerArn"])
        made = LoadBalancer(name, kind, self.parts.plane.url(door), pool, arn, front["LoadBalancerArn"])
        if wait:
            self.wait_until_serving(made, instances)
        return made

    def classic(
        self,
        name: str,
        *,
        instances: Sequence[Instance] = (),
        port: int = 8080,
        health_path: str = "/_status",
        draining: int | None = 5,
        interval: int = 5,
        timeout: int = 2,
        healthy_threshold: int = 2,
        unhealthy_threshold: int = 2,
        cross_zone: bool = False,
        zones: Sequence[str] = (),
        wait: bool = True,
    ) -> LoadBalancer:
        """Create a classic load balancer; *draining* is its timeout in seconds, none for no draining."""
        elb = self.client("elb")
        elb.create_load_balancer(
            LoadBalancerName=name,
            Listeners=[
                {
                    "Protocol": "HTTP",
                    "LoadBalancerPort": 80,
                    "InstanceProtocol": "HTTP",
                    "InstancePort": port,
                }
            ],
            Subnets=[self.network.subnet(zone) for zone in zones or self.zones],
        )
        elb.configure_health_check(
            LoadBalancerName=name,
            HealthCheck={
                "Target": f"HTTP:{port}{health_path}",
                "Interval": interval,
                "Timeout": timeout,
                "HealthyThreshold": healthy_threshold,
                "UnhealthyThreshold": unhealthy_threshold,
            },
        )
        draining_setting: dict[str, Any] = {"Enabled": draining is not None}
        if draining is not None:
            draining_setting["Timeout"] = draining
        elb.modify_load_balancer_attributes(
            LoadBalancerName=name,
            LoadBalancerAttributes={
                "CrossZoneLoadBalancing": {"Enabled": cross_zone},
                "ConnectionDraining": draining_setting,
            },
        )
        if instances:
            elb.register_instances_with_load_balancer(
                LoadBalancerName=name, Instances=[{"InstanceId": each.id} for each in instances]
            )
        door, pool = self.parts.door_of(name)
        made = LoadBalancer(name, "classic", self.parts.plane.url(door), pool)
        if wait:
            self.wait_until_serving(made, instances)
        return made

    def restart(self, instance: Instance) -> str:
        """Restart an instance's service as its own systemctl does; gives what that complains of."""
        return self.parts.instances.systemctl(instance, "restart")

    def wait_until_serving(
        self, balancer: LoadBalancer, instances: Sequence[Instance], *, patience: float = 30.0
    ) -> None:
        """Return once the control plane calls these instances healthy and the data plane uses them.

        Raises:
            GoCDError: *patience* seconds were not enough.
        """
        wanted = {each.id for each in instances}
        deadline = time.monotonic() + patience
        while missing := wanted - (self.parts.healthy(balancer) & self.serving(balancer)):
            if time.monotonic() > deadline:
                raise GoCDError(f"{balancer.name}: still not serving: {', '.join(sorted(missing))}")
            time.sleep(PAUSE)

    def serving(self, balancer: LoadBalancer) -> set[str]:
        """Give the ids of the instances that the data plane sends new traffic to at this moment."""
        self.parts.plane.look()
        used = self.parts.plane.serving(balancer.pool)
        return {each.id for each in self.parts.instances if each.private_ip in used}

    def in_flight(self, balancer: LoadBalancer, instance: Instance) -> int:
        """Count the requests (network load balancer: connections) that have not ended on an instance."""
        self.parts.plane.look()
        return self.parts.plane.in_flight(balancer.pool, instance.private_ip)

    def _booted(self, group: str, size: int, *, patience: float = 30.0) -> list[Instance]:
        deadline = time.monotonic() + patience
        while True:
            ids = self.parts.in_service(group)
            booted = [each for each in self.parts.instances if each.id in ids]
            if len(booted) == size:
                return booted
            if time.monotonic() > deadline:
                raise GoCDError(f"{group}: {len(booted)} of {size} instances after {patience:.0f} s")
            time.sleep(PAUSE)
