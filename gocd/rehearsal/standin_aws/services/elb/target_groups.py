"""Target groups as AWS runs them: registering, draining and health take time and are true.

Sources: Elastic Load Balancing API reference, TargetHealth; user guides, Edit target group attributes,
Health checks for target groups, Register targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.elbv2.exceptions import (
    InvalidTargetError,
    TargetGroupNotFoundError,
    TargetNotRunning,
    ValidationError,
)
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.data.data_plane import DataPlane, Health
from gocd.rehearsal.standin_aws.data.health_checks import HealthCheck
from gocd.rehearsal.standin_aws.data.pools import Endpoint, Pool
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.elb.addresses import EVERYWHERE, Addresses
from gocd.rehearsal.standin_aws.services.elb.departed import Departed
from gocd.rehearsal.standin_aws.services.elb.quic import check_server_id
from gocd.rehearsal.standin_aws.services.elb.registrations import Registration
from gocd.rehearsal.standin_aws.services.elb.target_group_settings import (
    deregistration_delay,
    health_check,
    idle_timeout,
    least_healthy,
    pool_name,
    sends_requests,
    target_key,
    terminates_connections,
    zones_using,
)
from gocd.rehearsal.standin_aws.services.elb.target_zones import TargetZones, Zoning
from gocd.rehearsal.standin_aws.services.zonal_shift.zonal_shifts import ZonalShifts
from gocd.rehearsal.standin_aws.settings import Settings

TargetHealth = tuple[str, str | None, str | None]

NOT_REGISTERED = ("unused", "Target.NotRegistered", "Target is not registered to the target group")
NOT_IN_USE = (
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
ZONE_NOT_ENABLED = (
    "unused",
    "Target.NotInUse",
    "Target is in an Availability Zone that is not enabled for the load balancer",
)
DRAINING = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
REGISTERING = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
UNCHECKED = ("unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target")
INTERNAL_ERROR = ("unavailable", "Elb.InternalError", "Target health is unavailable due to an internal error")


class TargetGroups:
    """Registrations of every target group."""

    def __init__(
        self, settings: Settings, plane: DataPlane, instances: Instances, shifts: ZonalShifts
    ) -> None:
        self._plane = plane
        self._instances = instances
        self._settings = settings
        self._now = settings.clock
        self._addresses = Addresses(instances)
        self._departed = Departed(plane, settings.clock)
        self._zones = TargetZones(instances, shifts, settings.clock)
        self._registration_delay = settings.registration_delay
        self._speed = settings.health_check_speed

    def corrections(self) -> Iterator[Correction]:
        yield Correction(FakeTargetGroup, "register", self.register)
        yield Correction(FakeTargetGroup, "deregister", self.deregister)
        yield Correction(FakeTargetGroup, "deregister_terminated_instances", self.deregister_instances)
        yield Correction(ELBv2Backend, "describe_target_health", self.describe_target_health)

    def register(self, group: Any, targets: Sequence[Mapping[str, Any]]) -> None:
        """RegisterTargets: all of them or, if one is not valid, none; a draining one comes back."""
        zones = [self._validate(group, target) for target in targets]
        for target, zone in zip(targets, zones, strict=True):
            key = target_key(group, target)
            known = group.targets.get(key)
            if known is None:
                server_id = str(target.get("QuicServerId") or "")
                group.targets[key] = Registration(*key, since=self._now(), zone=zone, server_id=server_id)
            elif known.leaving:
                known.begin(self._now())

    def deregister(self, group: Any, targets: Sequence[Mapping[str, Any]]) -> None:
        """DeregisterTargets: also of one that is not registered, if it exists."""
        for target in targets:
            self._validate(group, target, running=False)
        zones = zones_using(group)
        for target in targets:
            known = group.targets.get(target_key(group, target))
            if known is None or known.leaving:
                continue
            if self._standing(group, known, zones) is not None:
                # Nothing was sent there, so nothing has to finish.
                del group.targets[target_key(group, target)]
                continue
            known.leaving_since = self._now()
            if not deregistration_delay(group):
                self._end(group, known)

    def deregister_instances(self, group: Any, instance_ids: Sequence[str]) -> None:
        """Take terminated instances out of a group, as AWS does by itself."""
        for each in group.targets.values():
            if each.id in instance_ids and not each.leaving:
                each.leaving_since = self._now()

    def describe_target_health(
        self, backend: Any, target_group_arn: str, targets: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """DescribeTargetHealth: all that are registered or draining, or those asked for."""
        group = backend.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError
        keys = [target_key(group, target) for target in targets] or list(group.targets)
        zones = zones_using(group)
        zoning = self._zoning(group, zones)
        return [self._described(group, key, zones, zoning) for key in keys]

    def advance(self, group: Any) -> None:
        """Let time pass for a group: drains end, registrations become ready, health is noted."""
        now = self._now()
        zones = zones_using(group)
        for each in list(group.targets.values()):
            if each.leaving_since is not None:
                if now - each.leaving_since >= deregistration_delay(group):
                    self._end(group, each)
                continue
            if self._standing(group, each, zones) is not None:
                each.begin(now)
                continue
            health = self._seen(group, each).health
            if health is Health.PASSING and each.passing_since is None:
                each.passing_since = now
        self._zoning(group, zones).note()
        registered = [(self._address(group, each), each.port) for each in group.targets.values()]
        self._departed.settle(pool_name(group), registered)

    def forget(self) -> None:
        self._departed.forget()
        self._zones.forget()

    def pool(self, group: Any) -> Pool:
        """Say what the data plane does for a group."""
        now = self._now()
        zones = zones_using(group)
        zoning = self._zoning(group, zones)
        endpoints = [
            Endpoint(
                self._address(group, each),
                each.port,
                self._reached(group, each) and zoning.comes_in(each),
                each.leaving,
                zoning.ways(each),
            )
            for each in group.targets.values()
            if each.leaving
            or (self._standing(group, each, zones) is None and now - each.since >= self._registration_delay)
        ]
        endpoints += self._departed.of(pool_name(group), endpoints)
        protocol = "http" if sends_requests(group) else "tcp"
        least = least_healthy(group, "unhealthy_state_routing")
        idle = idle_timeout(group, self._now.speed)
        return Pool(pool_name(group), protocol, endpoints, health_check(group, self._speed), least, idle)

    def _reached(self, group: Any, each: Registration) -> bool:
        """Whether new traffic goes to a target: for a while also after it was told to leave."""
        return each.leaving_since is None or self._now() - each.leaving_since < self._lag(group)

    def _lag(self, group: Any) -> float:
        settings = self._settings
        lag = settings.request_lag if sends_requests(group) else settings.connection_lag
        return lag / settings.propagation_speed

    def _end(self, group: Any, each: Registration) -> None:
        """Let a delay be over; in flight is cut or stays, and what is new may still come for a while."""
        del group.targets[each.id, each.port]
        ways = self._zoning(group, zones_using(group)).ways(each)
        endpoint = Endpoint(self._address(group, each), each.port, zones=ways)
        until = (each.leaving_since or 0.0) + self._lag(group)
        self._departed.add(pool_name(group), endpoint, until, cut=terminates_connections(group))

    def _described(
        self, group: Any, key: tuple[str, int], zones: set[str] | None, zoning: Zoning
    ) -> dict[str, Any]:
        known = group.targets.get(key)
        state, reason, description = NOT_REGISTERED if known is None else self._verdict(group, known, zones)
        health = {"State": state, "Reason": reason, "Description": description}
        port = group.health_check_port
        target = {"Id": key[0], "Port": key[1]}
        override = {}
        if known is not None:
            override = {"AdministrativeOverride": zoning.override(known)}
            told = {"AvailabilityZone": known.zone, "QuicServerId": known.server_id}
            target |= {name: value for name, value in told.items() if value}
        return {
            "Target": target,
            "HealthCheckPort": str(key[1]) if port == "traffic-port" else str(port),
            "TargetHealth": {name: value for name, value in health.items() if value is not None},
            **override,
        }

    def _zoning(self, group: Any, zones: set[str] | None) -> Zoning:
        return self._zones.of(group, zones, lambda each: self._verdict(group, each, zones)[0] == "healthy")

    def _verdict(self, group: Any, each: Registration, zones: set[str] | None) -> TargetHealth:
        if each.leaving:
            return DRAINING
        standing = self._standing(group, each, zones)
        if standing is not None:
            return standing
        waited = self._now() - each.since - self._registration_delay
        if waited < 0:
            return REGISTERING
        if not self._instances.health_known(self.instance(group, each.id)):
            return INTERNAL_ERROR
        check = health_check(group, self._speed)
        return UNCHECKED if check is None else self._health(group, each, check, waited)

    def _health(self, group: Any, each: Registration, check: HealthCheck, waited: float) -> TargetHealth:
        seen = self._seen(group, each)
        # A target that has passed stays healthy until checks have failed, however its way there changes.
        unsure = seen.health in {Health.PENDING, Health.UNKNOWN}
        if seen.health is Health.PASSING or (unsure and each.passing_since is not None):
            return "healthy", None, None
        if unsure or (each.passing_since is None and waited < check.unhealthy_threshold * check.interval):
            return CHECKING
        if seen.health is Health.TIMED_OUT:
            return "unhealthy", "Target.Timeout", "Request timed out"
        if seen.answer is None:
            return "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
        codes = f"Health checks failed with these codes: [{seen.answer}]"
        return "unhealthy", "Target.ResponseCodeMismatch", codes

    def _standing(self, group: Any, each: Registration, zones: set[str] | None) -> TargetHealth | None:
        """Tell why a target is given no traffic and no checks, if so."""
        if zones is None:
            return NOT_IN_USE
        if group.target_type != "instance":
            return None if each.zone in {EVERYWHERE, *zones} else ZONE_NOT_ENABLED
        instance = self._instances.described(each.id)
        if instance is None or instance.state != "running":
            state = "terminated" if instance is None else instance.state
            return "unused", "Target.InvalidState", f"Target is in the {state} state"
        return None if instance.availability_zone in zones else ZONE_NOT_ENABLED

    def instance(self, group: Any, target: str) -> str:
        """Give the id of the instance that a target is, also one by address; empty if it is none."""
        return target if group.target_type == "instance" else self._addresses.instance(group, target)

    def _validate(self, group: Any, target: Mapping[str, Any], *, running: bool = True) -> str:
        """Refuse what AWS does; gives the zone of an address that is to be registered."""
        if running:
            check_server_id(group, target)
        if group.target_type != "instance":
            return self._addresses.zone(group, target) if running and group.target_type == "ip" else ""
        if not target["Id"].startswith("i-"):
            raise ValidationError(f"Instance ID '{target['Id']}' is not valid")
        instance = self._instances.described(target["Id"])
        if instance is None:
            raise InvalidTargetError
        if running and instance.state != "running":
            raise TargetNotRunning(instance_id=target["Id"])
        if instance.vpc_id != group.vpc_id:
            raise InvalidTargetError
        return ""

    def _seen(self, group: Any, each: Registration) -> Any:
        return self._plane.seen(pool_name(group), self._address(group, each), each.port)

    def _address(self, group: Any, each: Registration) -> str:
        if each.id.startswith("i-"):
            return self._instances.address(each.id) if self._instances.described(each.id) else each.id
        return self._addresses.answering(group, each.id)
