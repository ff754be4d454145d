"""By which zones requests come to the members of classic load balancers.

Sources: Classic Load Balancers guide, Configure cross-zone load balancing (without it a node sends to the
instances of its own zone only) and Troubleshoot, HTTP 503 (what a zone without healthy instances answers).
That DNS leaves such a zone out in time AWS documents for the other generation; it is taken to be so here.
"""

from __future__ import annotations

from typing import Any

from gocd.rehearsal.standin_aws.clock import Clock
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.elb.classic_settings import crosses_zones, zones_of
from gocd.rehearsal.standin_aws.services.elb.registrations import Registration
from gocd.rehearsal.standin_aws.services.elb.zone_records import ZoneRecords


class ClassicZones:
    """The zones of every classic load balancer's members."""

    def __init__(self, instances: Instances, clock: Clock) -> None:
        self._instances = instances
        self._records = ZoneRecords(clock)

    def forget(self) -> None:
        self._records.forget()

    def apart(self, balancer: Any) -> list[str]:
        """List the zones if each sends to its own members only; none if they serve each other."""
        return [] if crosses_zones(balancer) else sorted(zones_of(balancer))

    def note(self, balancer: Any, each: Registration) -> None:
        """Note that a member is in service, and its zone with it."""
        self._records.note(balancer.pool, self._of(each))

    def ways(self, balancer: Any, each: Registration) -> tuple[str, ...]:
        """List the zones by which requests come in that may go to a member."""
        zones = self.apart(balancer)
        return self._records.ways(balancer.pool, zones, {self._of(each)}) if zones else ()

    def comes_in(self, balancer: Any, each: Registration) -> bool:
        """Whether clients come in by the zone of a member."""
        zones = self.apart(balancer)
        return not zones or self._of(each) in self._records.used(balancer.pool, zones)

    def _of(self, each: Registration) -> str:
        instance = self._instances.described(each.id)
        return "" if instance is None else str(instance.availability_zone)
