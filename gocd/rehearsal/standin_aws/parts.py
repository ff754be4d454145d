"""The parts of a running stand-in AWS, put together. Importing this imports moto."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.control import wire
from gocd.rehearsal.standin_aws.control.control_plane import ControlPlane
from gocd.rehearsal.standin_aws.control.corrections import Corrections
from gocd.rehearsal.standin_aws.data.data_plane import DataPlane
from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.instances import Instance, Instances
from gocd.rehearsal.standin_aws.machines.loopback import LoopbackNetwork
from gocd.rehearsal.standin_aws.reconciliation import Reconciliation
from gocd.rehearsal.standin_aws.services.auto_scaling.auto_scaling import AutoScaling
from gocd.rehearsal.standin_aws.services.code_deploy.code_deploy import CodeDeploy
from gocd.rehearsal.standin_aws.services.ec2.machine_images import MachineImages
from gocd.rehearsal.standin_aws.services.ec2.power import Power
from gocd.rehearsal.standin_aws.services.elb import load_balancers
from gocd.rehearsal.standin_aws.services.elb.classic_load_balancers import ClassicLoadBalancers
from gocd.rehearsal.standin_aws.services.elb.load_balancers import LoadBalancers
from gocd.rehearsal.standin_aws.services.elb.target_groups import TargetGroups
from gocd.rehearsal.standin_aws.services.functions.functions import LambdaFunctions
from gocd.rehearsal.standin_aws.services.ssm.run_command import RunCommand

if TYPE_CHECKING:
    from gocd.rehearsal.standin_aws.cloud import StandInAWS


class Parts:
    """Control plane, data plane, instances, and the reconciliation between them."""

    def __init__(self, cloud: StandInAWS, loopback: LoopbackNetwork) -> None:
        self._cloud = cloud
        self.loopback = loopback
        self._closing = ExitStack()
        speed = cloud.health_check_speed
        self.plane = DataPlane(cloud.folder / "envoy", f"{cloud.mark}/envoy", f"127.{loopback.number}.0.1")
        self._closing.callback(self.plane.close)
        self.instances = Instances(cloud.folder / "instances", cloud.instances_mark, cloud.region)
        groups = TargetGroups(
            self.plane,
            self.instances,
            time.monotonic,
            registration_delay=cloud.registration_delay,
            speed=speed,
        )
        classics = ClassicLoadBalancers(self.plane, self.instances, time.monotonic, speed=speed)
        self.auto_scaling = AutoScaling(self.instances, classics, time.monotonic, cloud.region)
        self.commands = RunCommand(self.instances, time.monotonic)
        self.functions = LambdaFunctions(cloud.region)
        self.deployments = CodeDeploy(self.instances, self.auto_scaling, cloud)
        self._reconciliation = Reconciliation(
            cloud.region, self.plane, self.instances, groups, classics, self.auto_scaling, cloud.faults
        )
        overlays = (
            *(groups, LoadBalancers(), classics, self.auto_scaling),
            *(self.commands, self.deployments, Power(self.instances), MachineImages()),
        )
        self.corrections = [each for overlay in overlays for each in overlay.corrections()]
        self._closing.callback(Corrections(self.corrections).undo)
        self.control_plane = ControlPlane(
            cloud.journal, cloud.faults, self.functions, self._reconciliation.step
        )
        self._closing.callback(self.control_plane.close)
        self._session = botocore.session.Session()
        self._session.set_config_variable("config_file", "/dev/null")
        self._empty()
        self._reconciliation.start(self.control_plane.lock)
        self._closing.callback(self._reconciliation.end)
        # First of all: a deployment whose script is killed must not roll back while all is coming to its end.
        self._closing.callback(self.deployments.forget)

    def client(self, service: str) -> Any:
        environment = self._cloud.environment
        return self._session.create_client(
            service,
            region_name=self._cloud.region,
            endpoint_url=self.control_plane.url,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(user_agent_extra=wire.ARRANGING, retries={"total_max_attempts": 1}),
        )

    def door_of(self, name: str) -> tuple[str, str]:
        """Give the first listener and the pool of a load balancer, by ARN or classic name."""
        with self.control_plane.lock:
            for arn, door in load_balancers.doors(elbv2_backends[wire.ACCOUNT][self._cloud.region]):
                if arn == name:
                    return door.name, door.pools[0][0]
            [pool] = [each.pool for each in self._reconciliation.classics() if each.name == name]
            return pool, pool

    def serving(self, pool_name: str) -> set[str]:
        pool = self.plane.pool(pool_name)
        self.plane.look()
        used = {endpoint.address for endpoint in self.plane.serving(pool)} if pool else set()
        return {each.id for each in self.instances if each.private_ip in used}

    def in_flight(self, pool_name: str, instance: Instance) -> int:
        self.plane.look()
        pool = self.plane.pool(pool_name)
        return sum(
            self.plane.seen(pool_name, endpoint.address, endpoint.port).in_flight
            for endpoint in (pool.endpoints if pool else ())
            if endpoint.address == instance.private_ip
        )

    def reset(self) -> None:
        # Deployments call this AWS themselves, and could not end while the lock is held.
        self.deployments.forget()
        with self.control_plane.lock:
            self.commands.forget()
            self.deployments.forget()
            self.functions.forget()
            guardian.end(self._cloud.instances_mark)
            self._empty()

    def _empty(self) -> None:
        BackendDict.reset()
        reset_model_data()
        self.instances.forget()
        self.auto_scaling.forget()
        self._reconciliation.step()

    def close(self) -> None:
        self._closing.close()
