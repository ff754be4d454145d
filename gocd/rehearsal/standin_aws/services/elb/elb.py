"""Elastic Load Balancing, both generations: what passes with time, and what the data plane is to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends

from gocd.rehearsal.standin_aws.control.corrections import Correction
from gocd.rehearsal.standin_aws.control.wire import ACCOUNT
from gocd.rehearsal.standin_aws.data.data_plane import DataPlane
from gocd.rehearsal.standin_aws.data.pools import Door, Pool
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instances
from gocd.rehearsal.standin_aws.services.elb.classic_load_balancers import IN_SERVICE, ClassicLoadBalancers
from gocd.rehearsal.standin_aws.services.elb.doors import Doors
from gocd.rehearsal.standin_aws.services.elb.listeners import Listeners
from gocd.rehearsal.standin_aws.services.elb.load_balancers import LoadBalancers
from gocd.rehearsal.standin_aws.services.elb.names import Names
from gocd.rehearsal.standin_aws.services.elb.pages import Pages
from gocd.rehearsal.standin_aws.services.elb.request_counts import RequestCounts
from gocd.rehearsal.standin_aws.services.elb.target_group_settings import zones_using
from gocd.rehearsal.standin_aws.services.elb.target_groups import TargetGroups
from gocd.rehearsal.standin_aws.services.zonal_shift.zonal_shifts import ZonalShifts
from gocd.rehearsal.standin_aws.settings import Settings


class ElasticLoadBalancing:
    """The load balancers of one region."""

    def __init__(
        self, settings: Settings, plane: DataPlane, instances: Instances, shifts: ZonalShifts
    ) -> None:
        self.classics = ClassicLoadBalancers(settings, plane, instances)
        self._groups = TargetGroups(settings, plane, instances, shifts)
        self._balancers = LoadBalancers()
        self._listeners = Listeners()
        self._doors = Doors(settings)
        self._plane = plane
        self.counts = RequestCounts(settings, plane)
        self._pages = Pages()
        self._region = settings.region
        self.names = Names(settings.region, self.healthy)

    def corrections(self) -> Iterator[Correction]:
        yield from self._groups.corrections()
        yield from self._balancers.corrections()
        yield from self._listeners.corrections()
        yield from self._pages.corrections()
        yield from self.classics.corrections()

    def advance(self) -> None:
        """Let drains end, registrations become ready and health be noted."""
        groups = self._target_groups()
        for group in groups:
            self._groups.advance(group)
        self.counts.advance(elbv2_backends[ACCOUNT][self._region], groups)
        for balancer in self._classic_load_balancers():
            self.classics.advance(balancer)

    def forget(self) -> None:
        """Forget who has left, and what listeners were; all else is in moto's records."""
        self._doors.forget()
        self.names.forget()
        self.counts.forget()
        self._groups.forget()
        self.classics.forget()

    def pools(self) -> list[Pool]:
        """Say where the data plane sends traffic."""
        pools = [self._pool(group) for group in self._target_groups()]
        return pools + [self.classics.pool(each) for each in self._classic_load_balancers()]

    def doors(self) -> list[Door]:
        """Say where traffic enters."""
        entries = [door for _, door in self._doors.of(elbv2_backends[ACCOUNT][self._region])]
        return entries + [self.classics.door(each) for each in self._classic_load_balancers()]

    def door_of(self, name: str) -> tuple[str, str]:
        """Give the first listener and the pool of a load balancer, by ARN or classic name."""
        for arn, door in self._doors.of(elbv2_backends[ACCOUNT][self._region]):
            if arn == name:
                return door.name, door.routes[-1].pools[0].pool
        [pool] = [each.pool for each in self._classic_load_balancers() if each.name == name]
        return pool, pool

    def healthy(self, balancer: LoadBalancer) -> set[str]:
        """Give the ids of the instances that are healthy and not leaving."""
        if balancer.kind == "classic":
            record = elb_backends[ACCOUNT][self._region].load_balancers[balancer.name]
            return {each for each in record.members if self.classics.verdict(record, each) == IN_SERVICE}
        backend = elbv2_backends[ACCOUNT][self._region]
        group = backend.target_groups[balancer.arn]
        told = backend.describe_target_health(balancer.arn, [])
        healthy = [each["Target"]["Id"] for each in told if each["TargetHealth"]["State"] == "healthy"]
        return {self._groups.instance(group, each) for each in healthy}

    def _pool(self, group: Any) -> Pool:
        pool = self._groups.pool(group)
        if zones_using(group) is None and self._plane.leads_to(pool.name):
            # Nodes that have not followed their listener yet send there as they did before.
            return self._plane.pool(pool.name) or pool
        return pool

    def _target_groups(self) -> list[Any]:
        return list(elbv2_backends[ACCOUNT][self._region].target_groups.values())

    def _classic_load_balancers(self) -> list[Any]:
        return list(elb_backends[ACCOUNT][self._region].load_balancers.values())
