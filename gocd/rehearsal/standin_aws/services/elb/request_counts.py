"""The requests of target groups and load balancers as CloudWatch has them: a figure a minute, none for none.

Source: Application Load Balancers guide, CloudWatch metrics: RequestCount, by LoadBalancer alone, and with
TargetGroup.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from gocd.rehearsal.standin_aws.data.data_plane import DataPlane
from gocd.rehearsal.standin_aws.services.elb.target_group_settings import (
    load_balancers_of,
    pool_name,
    sends_requests,
)
from gocd.rehearsal.standin_aws.settings import Settings

_MINUTE = timedelta(minutes=1)


class RequestCounts:
    """Counts from ``begin`` on; a world that tells its figures itself has them alone."""

    def __init__(self, settings: Settings, plane: DataPlane) -> None:
        self._clock = settings.clock
        self._plane = plane
        self._began: tuple[datetime, float] | None = None
        self._minute = datetime.now(timezone.utc)
        self._counted: dict[tuple[str, str, int], int] = {}

    def begin(self) -> None:
        """Have figures from now on."""
        self._began = datetime.now(timezone.utc), self._clock()
        self._minute = self._now

    def forget(self) -> None:
        self._began = None
        self._counted.clear()

    def advance(self, backend: Any, groups: Iterable[Any]) -> None:
        """Let a minute that is over have its figures."""
        if self._began is None or self._now - self._minute < _MINUTE:
            return
        for group in groups:
            using = load_balancers_of(backend, group.arn)
            sent = self._since_last(pool_name(group))
            if sent and using and sends_requests(group):
                self._tell(group, using[0], sent)
        self._minute += _MINUTE

    @property
    def _now(self) -> datetime:
        """The time of day in AWS, where a minute passes as soon as a minute of all else."""
        began, at = self._began or (datetime.now(timezone.utc), self._clock())
        now = began + timedelta(seconds=self._clock() - at)
        return now.replace(second=0, microsecond=0)

    def _since_last(self, pool: str) -> int:
        sent = 0
        for (address, port), total in self._plane.requests(pool).items():
            key = (pool, address, port)
            # One that was away begins anew.
            sent += total - min(total, self._counted.get(key, 0))
            self._counted[key] = total
        return sent

    def _tell(self, group: Any, balancer: str, sent: int) -> None:
        of_all = [{"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]}]
        of_group = [*of_all, {"Name": "TargetGroup", "Value": group.arn.rpartition(":")[2]}]
        figures = [
            {
                "MetricName": "RequestCount",
                "Dimensions": dimensions,
                "Timestamp": self._minute.replace(tzinfo=None),
                "Value": float(sent),
            }
            for dimensions in (of_all, of_group)
        ]
        backend = cloudwatch_backends[group.account_id][group.region_name]
        backend.put_metric_data("AWS/ApplicationELB", figures)
