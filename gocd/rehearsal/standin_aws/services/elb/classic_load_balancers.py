"""Classic Load Balancers as AWS runs them: registering, draining and health take time and are true.

Sources: Elastic Load Balancing API reference (2012-06-01), InstanceState; Classic Load Balancers guide,
Configure connection draining, Configure health checks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.elb.exceptions import ELBClientError, NoActiveLoadBalancerFoundError
from moto.elb.models import ELBBackend, FakeHealthCheck
from moto.elb.responses import ELBResponse

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.data.data_plane import DataPlane, Health
from gocd.rehearsal.standin_aws.data.pools import CLOSED, Door, Endpoint, Pool, Route, Share
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.elb.classic_settings import (
    DEFAULT_CHECK,
    draining_timeout,
    health_check,
    idle_timeout,
    stored,
    zones_of,
)
from gocd.rehearsal.standin_aws.services.elb.classic_zones import ClassicZones
from gocd.rehearsal.standin_aws.services.elb.departed import Departed
from gocd.rehearsal.standin_aws.services.elb.names import zone_of
from gocd.rehearsal.standin_aws.services.elb.registrations import Registration
from gocd.rehearsal.standin_aws.settings import Settings

InstanceState = tuple[str, str, str]

IN_SERVICE = ("InService", "N/A", "N/A")
LEAVING = ("InService", "N/A", "Instance deregistration currently in progress.")
NOT_REGISTERED = ("OutOfService", "Instance", "Instance is not currently registered with the LoadBalancer.")
REGISTERING = ("OutOfService", "ELB", "Instance registration is still in progress.")
FAILING = (
    "OutOfService",
    "Instance",
    "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
)
TRANSIENT = ("Unknown", "ELB", "A transient error occurred. Please try again later.")
ZONE_NOT_ENABLED = (
    "OutOfService",
    "ELB",
    "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.",
)


class ClassicLoadBalancers:
    """Members of every classic load balancer."""

    def __init__(self, settings: Settings, plane: DataPlane, instances: Instances) -> None:
        self._plane = plane
        self._instances = instances
        self._now = settings.clock
        self._lag = settings.request_lag / settings.propagation_speed
        self._departed = Departed(plane, settings.clock)
        self._zones = ClassicZones(instances, settings.clock)
        self._speed = settings.health_check_speed
        self._numbers = itertools.count()
        self._create = ELBBackend.create_load_balancer

    def corrections(self) -> Iterator[Correction]:
        yield Correction(ELBBackend, "create_load_balancer", self.create_load_balancer)
        yield Correction(ELBBackend, "get_load_balancer", self.get_load_balancer)
        yield Correction(ELBBackend, "register_instances", self.register)
        yield Correction(ELBBackend, "deregister_instances", self.deregister)
        yield Correction(ELBBackend, "modify_load_balancer_attributes", self.modify_attributes)
        yield Correction(ELBResponse, "register_instances_with_load_balancer", self.answer_register)
        yield Correction(ELBResponse, "deregister_instances_from_load_balancer", self.answer_deregister)
        yield Correction(ELBResponse, "describe_instance_health", self.describe_instance_health)

    def create_load_balancer(self, backend: Any, *arguments: Any, **named: Any) -> Any:
        """CreateLoadBalancer: with a health check, that of the first listener's port."""
        balancer: Any = self._create(backend, *arguments, **named)
        port = balancer.listeners[0].instance_port
        balancer.health_check = FakeHealthCheck(target=f"TCP:{port}", **DEFAULT_CHECK)
        balancer.members = {}
        balancer.region = backend.region_name
        balancer.dns_name = f"{balancer.name}-1.{backend.region_name}.elb.amazonaws.com"
        balancer.canonical_hosted_zone_name_id = zone_of("classic")
        balancer.pool = f"classic-{balancer.name}-{next(self._numbers)}"
        return balancer

    def get_load_balancer(self, backend: Any, name: str) -> Any:
        """Find a load balancer for any call that names one."""
        if name not in backend.load_balancers:
            raise NoActiveLoadBalancerFoundError(name)
        return backend.load_balancers[name]

    def register(
        self, backend: Any, name: str, instance_ids: Sequence[str], from_autoscaling: bool = False
    ) -> Any:
        """RegisterInstancesWithLoadBalancer: each once, and all of them or none."""
        balancer = backend.get_load_balancer(name)
        self._validate(instance_ids)
        port = int(balancer.listeners[0].instance_port)
        for instance_id in instance_ids:
            known = balancer.members.get(instance_id)
            if known is None:
                balancer.members[instance_id] = Registration(instance_id, port, since=self._now())
            elif known.leaving:
                known.begin(self._now())
            if instance_id not in balancer.instance_ids:
                listed = (
                    balancer.instance_autoscaling_ids if from_autoscaling else balancer.instance_sparse_ids
                )
                listed.append(instance_id)
        return balancer

    def deregister(
        self, backend: Any, name: str, instance_ids: Sequence[str], from_autoscaling: bool = False
    ) -> Any:
        """DeregisterInstancesFromLoadBalancer: drains them if the load balancer is set to."""
        balancer = backend.get_load_balancer(name)
        self._validate(instance_ids)
        for instance_id in instance_ids:
            for listed in (balancer.instance_sparse_ids, balancer.instance_autoscaling_ids):
                if instance_id in listed:
                    listed.remove(instance_id)
            known = balancer.members.get(instance_id)
            if known is None or known.leaving:
                continue
            if self._verdict(balancer, known) != IN_SERVICE:
                del balancer.members[instance_id]
                continue
            known.leaving_since = self._now()
            if draining_timeout(balancer) is None:
                self._end(balancer, known)
        return balancer

    def modify_attributes(self, backend: Any, name: str, **named: Any) -> None:
        """ModifyLoadBalancerAttributes: what is not named stays; a draining timeout is 1 to 3600 seconds."""
        balancer = backend.get_load_balancer(name)
        given = {setting: stored(value) for setting, value in named.items() if isinstance(value, Mapping)}
        draining = given.get("connection_draining")
        if draining and not 1 <= int(draining.setdefault("timeout", 300)) <= 3600:
            raise ELBClientError("ValidationError", "ConnectionDraining timeout must be between 1 and 3600")
        if "cross_zone" in given:
            given["cross_zone_load_balancing"] = given.pop("cross_zone")
        balancer.attributes.update(given)
        if named.get("additional_attributes"):
            pairs = [(each["Key"], each["Value"]) for each in named["additional_attributes"]]
            balancer.attributes["additional_attributes"] = pairs

    def answer_register(self, response: Any) -> Any:
        return self._changed(response, response.elb_backend.register_instances)

    def answer_deregister(self, response: Any) -> Any:
        return self._changed(response, response.elb_backend.deregister_instances)

    def describe_instance_health(self, response: Any) -> Any:
        """DescribeInstanceHealth: of all members, leaving ones included, or of those asked for."""
        from moto.core.responses import ActionResult  # noqa: PLC0415

        name = response._get_param("LoadBalancerName")
        balancer = response.elb_backend.get_load_balancer(name)
        asked = [each["InstanceId"] for each in response._get_param("Instances", [])]
        self._validate(asked)
        states = []
        for instance_id in asked or list(balancer.members):
            state, reason, description = self.verdict(balancer, instance_id)
            answer = {
                "InstanceId": instance_id,
                "State": state,
                "ReasonCode": reason,
                "Description": description,
            }
            states.append(answer)
        return ActionResult({"InstanceStates": states})

    def verdict(self, balancer: Any, instance_id: str) -> InstanceState:
        """Give state, reason code and description of an instance, whether or not it is a member."""
        known = balancer.members.get(instance_id)
        if known and not self._instances.health_known(instance_id):
            return TRANSIENT
        return self._verdict(balancer, known) if known else NOT_REGISTERED

    def advance(self, balancer: Any) -> None:
        """Let time pass: drains end when nothing is in flight, health is noted."""
        now = self._now()
        for each in list(balancer.members.values()):
            state = self._instances.state(each.id)
            if state in {None, "terminated"}:
                self._forget(balancer, each)
                continue
            seen = self._seen(balancer, each)
            if each.leaving_since is not None:
                # What Envoy still sends there counts only after Envoy knows that it is leaving.
                quiet = not seen.serving and not seen.in_flight
                each.idle_looks = each.idle_looks + 1 if quiet else 0
                timeout = draining_timeout(balancer)
                if timeout is None or now - each.leaving_since >= timeout:
                    self._end(balancer, each)
                elif each.idle_looks > 2:
                    self._forget(balancer, each)
            elif state != "running" or seen.health in {Health.FAILING, Health.TIMED_OUT}:
                each.passing_since = None
            elif seen.health is Health.PASSING and each.passing_since is None:
                each.passing_since = now
            if self._verdict(balancer, each) == IN_SERVICE:
                each.served = True
                self._zones.note(balancer, each)
        registered = [(self._instances.address(each.id), each.port) for each in balancer.members.values()]
        self._departed.settle(balancer.pool, registered)

    def forget(self) -> None:
        self._departed.forget()
        self._zones.forget()

    def pool(self, balancer: Any) -> Pool:
        """Say what the data plane does for a load balancer; it fails closed when nobody is healthy."""
        endpoints = [
            Endpoint(
                self._instances.address(each.id),
                each.port,
                self._reached(balancer, each) and self._zones.comes_in(balancer, each),
                each.leaving,
                self._zones.ways(balancer, each),
            )
            for each in balancer.members.values()
            if self._instances.state(each.id) == "running"
        ]
        endpoints += self._departed.of(balancer.pool, endpoints)
        protocol = "http" if balancer.listeners[0].protocol in {"HTTP", "HTTPS"} else "tcp"
        idle = idle_timeout(balancer, self._now.speed)
        return Pool(balancer.pool, protocol, endpoints, health_check(balancer, self._speed), CLOSED, idle)

    def door(self, balancer: Any) -> Door:
        pool = self.pool(balancer)
        zones = self._zones.apart(balancer) or [""]
        # Classic Load Balancers guide, Troubleshoot HTTP errors: HTTP 504, instances close the connection.
        route = Route([Share(pool.name, 1, zone) for zone in zones])
        return Door(pool.name, pool.protocol, [route], closed=504)

    def _reached(self, balancer: Any, each: Registration) -> bool:
        """Whether new requests go to a member: for a while also after it was told to leave."""
        if each.leaving_since is not None:
            return self._now() - each.leaving_since < self._lag
        return self._verdict(balancer, each) == IN_SERVICE

    def _changed(self, response: Any, change: Any) -> Any:
        from moto.core.responses import ActionResult  # noqa: PLC0415

        ids = [each["InstanceId"] for each in response._get_param("Instances", [])]
        balancer = change(response._get_param("LoadBalancerName"), ids)
        return ActionResult({"Instances": [{"InstanceId": each} for each in balancer.instance_ids]})

    def _verdict(self, balancer: Any, each: Registration) -> InstanceState:
        if each.leaving:
            return LEAVING
        instance = self._instances.described(each.id)
        if instance.state != "running":
            # The API reference has no words for an instance that is stopping.
            state = "stopped" if instance.state == "stopping" else instance.state
            return "OutOfService", "Instance", f"Instance is in {state} state."
        if instance.availability_zone not in zones_of(balancer):
            return ZONE_NOT_ENABLED
        interval = health_check(balancer, self._speed).interval
        if each.passing_since is not None:
            # The data plane knows of the first pass; the others follow one interval apart.
            others = int(balancer.health_check.healthy_threshold) - 1
            if self._now() - each.passing_since >= others * interval:
                return IN_SERVICE
        failing = self._seen(balancer, each).health in {Health.FAILING, Health.TIMED_OUT}
        given_up = self._now() - each.since >= int(balancer.health_check.unhealthy_threshold) * interval
        return FAILING if each.served or (failing and given_up) else REGISTERING

    def _validate(self, instance_ids: Sequence[str]) -> None:
        for instance_id in instance_ids:
            if self._instances.state(instance_id) in {None, "terminated"}:
                text = f"Could not find EC2 instance {instance_id}."
                raise ELBClientError("InvalidInstance", text)

    def _end(self, balancer: Any, each: Registration) -> None:
        """Let a drain be over: what is in flight is cut, and what is new may still come for a while.

        Source: Classic Load Balancers guide, Configure connection draining: at the limit "the load balancer
        forcibly closes connections".
        """
        self._forget(balancer, each)
        until = (each.leaving_since or 0.0) + self._lag
        ways = self._zones.ways(balancer, each)
        endpoint = Endpoint(self._instances.address(each.id), each.port, zones=ways)
        self._departed.add(balancer.pool, endpoint, until, cut=True)

    def _forget(self, balancer: Any, each: Registration) -> None:
        del balancer.members[each.id]
        for listed in (balancer.instance_sparse_ids, balancer.instance_autoscaling_ids):
            if each.id in listed:
                listed.remove(each.id)

    def _seen(self, balancer: Any, each: Registration) -> Any:
        return self._plane.seen(balancer.pool, self._instances.address(each.id), each.port)
