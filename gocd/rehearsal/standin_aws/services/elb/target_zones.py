"""In which zone a target is, and by which zones requests come to it.

Sources: user guides of Network and Application Load Balancers, Target group health and Zonal shift; ARC
developer guide, Supported resources (while a load balancer is open to all, a zonal shift has no effect).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.elb.addresses import EVERYWHERE
from gocd.rehearsal.standin_aws.services.elb.registrations import Registration
from gocd.rehearsal.standin_aws.services.elb.target_group_settings import (
    crosses_zones,
    least_healthy,
    load_balancers_of,
    pool_name,
)
from gocd.rehearsal.standin_aws.services.elb.zone_records import ZoneRecords
from gocd.rehearsal.standin_aws.services.zonal_shift.zonal_shifts import ZonalShifts

SHIFTED = {
    "State": "zonal_shift_active",
    "Reason": "AdministrativeOverride.ZonalShiftActive",
    "Description": "Zonal shift is active on target",
}
NOT_SHIFTED = {
    "State": "no_override",
    "Reason": "AdministrativeOverride.NoOverride",
    "Description": "No override is currently active on target",
}


class TargetZones:
    """The zones of every target group's targets."""

    def __init__(self, instances: Instances, shifts: ZonalShifts, clock: Clock) -> None:
        self._instances = instances
        self._shifts = shifts
        self._records = ZoneRecords(clock)

    def forget(self) -> None:
        self._records.forget()

    def of(
        self, group: Any, zones: Collection[str] | None, is_healthy: Callable[[Registration], bool]
    ) -> Zoning:
        """Look at a group that is behind load balancers with these *zones*."""
        backend = elbv2_backends[group.account_id][group.region_name]
        using = load_balancers_of(backend, group.arn)
        away = {zone for balancer in using for zone in self._shifts.away_from(balancer)}
        return Zoning(
            group,
            set(zones or ()),
            not crosses_zones(group),
            away,
            is_healthy,
            self._records,
            self._instances,
        )


@dataclass(frozen=True)
class Zoning:
    """One group at one moment.

    Args:
        zones: Those that its load balancers have.
        apart: Whether each sends to its own targets only.
        away: Those of them that a zonal shift leads traffic away from.
    """

    group: Any
    zones: set[str]
    apart: bool
    away: set[str]
    is_healthy: Callable[[Registration], bool]
    records: ZoneRecords
    instances: Instances

    def override(self, each: Registration) -> dict[str, str]:
        """Say whether a zonal shift keeps traffic away from a target, as DescribeTargetHealth does."""
        return SHIFTED if self._shifted(each) else NOT_SHIFTED

    def note(self) -> None:
        """Look which zones have enough healthy targets to be named by DNS."""
        if not self.apart:
            return
        least = least_healthy(self.group, "dns_failover")
        there = [(self._of(each), each) for each in self._registered]
        for zone in self.zones - self.away:
            inside = [each for own, each in there if own in {zone, EVERYWHERE}]
            if sum(map(self.is_healthy, inside)) >= least.of(len(inside)):
                self.records.note(pool_name(self.group), zone)

    def ways(self, each: Registration) -> tuple[str, ...]:
        """List the zones by which requests come in that may go to a target; none if the zones are one."""
        if not self.apart:
            return ()
        return self.records.ways(pool_name(self.group), self.zones, self._own(each))

    def comes_in(self, each: Registration) -> bool:
        """Whether traffic is led to where a target is."""
        if self.apart:
            return bool(self._own(each) & self._used)
        return not self._shifted(each) or self._open

    @cached_property
    def _open(self) -> bool:
        """Whether nobody outside of a shifted zone is healthy."""
        return not any(self.is_healthy(each) for each in self._registered if not self._shifted(each))

    @cached_property
    def _used(self) -> set[str]:
        return self.records.used(pool_name(self.group), self.zones)

    @property
    def _registered(self) -> list[Registration]:
        return [each for each in self.group.targets.values() if not each.leaving]

    def _shifted(self, each: Registration) -> bool:
        return bool(self.away) and self._of(each) in self.away

    def _own(self, each: Registration) -> set[str]:
        zone = self._of(each)
        return self.zones if zone == EVERYWHERE else {zone}

    def _of(self, each: Registration) -> str:
        if self.group.target_type != "instance":
            return each.zone
        instance = self.instances.described(each.id)
        return "" if instance is None else str(instance.availability_zone)
