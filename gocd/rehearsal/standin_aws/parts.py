"""The parts of a running stand-in AWS, put together. Importing this imports moto."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

from gocd.rehearsal.standin_aws.control.clients import Clients
from gocd.rehearsal.standin_aws.control.control_plane import ControlPlane
from gocd.rehearsal.standin_aws.control.corrections import Corrections
from gocd.rehearsal.standin_aws.control.faults import Faults
from gocd.rehearsal.standin_aws.control.journal import Journal
from gocd.rehearsal.standin_aws.data.data_plane import DataPlane
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines import guardian
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.machines.loopback import LoopbackNetwork
from gocd.rehearsal.standin_aws.names.answering import Zone
from gocd.rehearsal.standin_aws.reconciliation import Reconciliation
from gocd.rehearsal.standin_aws.services.auto_scaling.auto_scaling import AutoScaling
from gocd.rehearsal.standin_aws.services.cloud_formation.cloud_formation import CloudFormation
from gocd.rehearsal.standin_aws.services.code_deploy.code_deploy import CodeDeploy
from gocd.rehearsal.standin_aws.services.ec2.ec2 import ElasticCompute
from gocd.rehearsal.standin_aws.services.elb.elb import ElasticLoadBalancing
from gocd.rehearsal.standin_aws.services.functions.functions import LambdaFunctions
from gocd.rehearsal.standin_aws.services.route53.route53 import Route53
from gocd.rehearsal.standin_aws.services.s3.s3 import S3
from gocd.rehearsal.standin_aws.services.service import AwsService
from gocd.rehearsal.standin_aws.services.ssm.run_command import RunCommand
from gocd.rehearsal.standin_aws.services.zonal_shift.zonal_shifts import ZonalShifts
from gocd.rehearsal.standin_aws.settings import Settings

if TYPE_CHECKING:
    from gocd.rehearsal.standin_aws.names.name_server import NameServer


class Parts:
    """Control plane, data plane, instances, services, and the reconciliation between them."""

    def __init__(self, settings: Settings, loopback: LoopbackNetwork) -> None:
        self.settings = settings
        self.journal = Journal()
        self.faults = Faults(settings.region)
        self._closing = ExitStack()
        holes = f"127.{loopback.number}.0.1"
        self.plane = DataPlane(settings.folder / "envoy", f"{settings.mark}/envoy", holes)
        self._closing.callback(self.plane.close)
        self.instances = Instances(settings.folder / "instances", settings.instances_mark, settings.region)
        self._closing.callback(self.instances.reap)
        self._closing.callback(guardian.end, settings.instances_mark)
        self.control_plane = ControlPlane(self.journal, self.faults, settings.clock)
        self._closing.callback(self.control_plane.close)
        self.client = Clients(settings.region, self.control_plane.url, self.control_plane.answer)
        self.services: Sequence[AwsService] = (
            shifts := ZonalShifts(settings.region, settings.clock),
            elb := ElasticLoadBalancing(settings, self.plane, self.instances, shifts),
            ec2 := ElasticCompute(self.instances, settings.region),
            auto_scaling := AutoScaling(settings, self.instances, elb.classics),
            RunCommand(self.instances, settings.clock),
            functions := LambdaFunctions(settings.region),
            s3 := S3(settings.clock),
            CodeDeploy(settings, self.instances, self.client),
            stacks := CloudFormation(settings, self.client),
            route53 := Route53(settings, elb.names),
        )
        self.elb, self.auto_scaling, self.functions = elb, auto_scaling, functions
        self.route53 = route53
        self.images = ec2.boots.images
        self.corrections = [each for service in self.services for each in service.corrections()]
        self._closing.callback(Corrections(self.corrections).undo)
        self.reconciliation = Reconciliation(
            self.services, elb, self.plane, self.instances, self.faults, self.control_plane.lock
        )
        self._empty()
        outside = {
            "lambda": functions.answer,
            "arc-zonal-shift": shifts.answer,
            "cloudformation": stacks.answer,
        }
        self.control_plane.serve(self.reconciliation, outside, {"s3": s3})
        self.reconciliation.start()
        self._closing.callback(self.reconciliation.end)
        # First of all: a deployment whose script is killed must not roll back while all is coming to its end.
        self._closing.callback(self._forget)

    def door_of(self, name: str) -> tuple[str, str]:
        """Give the first listener and the pool of a load balancer, by ARN or classic name."""
        with self.control_plane.lock:
            return self.elb.door_of(name)

    def name_server(self) -> NameServer:
        """Give a name server that answers for the hosted zones, and for the load balancers' own names."""
        # Few worlds are come to by a name.
        from gocd.rehearsal.standin_aws.names.name_server import NameServer  # noqa: PLC0415

        def zone_of(name: str) -> Zone | None:
            self.reconciliation.catch_up()
            return self.route53.zone_of(name)

        return NameServer(zone_of, self.control_plane.lock)

    def url_at(self, address: str) -> str:
        """Give the URL of what listens at an address: a load balancer, or an instance."""
        with self.control_plane.lock:
            balancer = self.elb.names.at(address)
        return self.plane.url(self.door_of(balancer)[0]) if balancer else f"http://{address}:8080/"

    def healthy(self, balancer: LoadBalancer) -> set[str]:
        """Give the ids of the instances that the control plane calls healthy, and not leaving."""
        self.reconciliation.catch_up()
        with self.control_plane.lock:
            return self.elb.healthy(balancer)

    def in_service(self, group: str) -> set[str]:
        """Give the ids of the members of an Auto Scaling group that are InService."""
        with self.control_plane.lock:
            return self.auto_scaling.in_service(group)

    def let_pass(self, seconds: float) -> None:
        """Skip some time, and let what has passed take effect."""
        self.settings.clock.skip(seconds)
        with self.control_plane.lock:
            self.reconciliation.changed()

    def reset(self) -> None:
        """Return to an empty AWS without journal and faults; Envoy and the endpoint stay."""
        # What runs calls this AWS itself, and could not end while the lock is held.
        self._forget()
        with self.control_plane.lock:
            self._forget()
            if any(self.instances):
                guardian.end(self.settings.instances_mark)
            self._empty()
        self.settings.clock.forget_skipped()
        self.control_plane.forget()
        self.journal.clear()
        self.faults.clear()

    def close(self) -> None:
        self._closing.close()

    def _forget(self) -> None:
        for service in reversed(self.services):
            service.forget()

    def _empty(self) -> None:
        BackendDict.reset()
        reset_model_data()
        self.instances.forget()
        self.reconciliation.step()
