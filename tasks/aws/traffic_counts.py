"""What a load balancer itself counted of failed requests over a time, from CloudWatch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.errors import senseless
from tasks.aws.metrics import Metric, MetricSource

# Seconds in a bucket; load balancers publish no finer ones
# (AWS, application/load-balancer-cloudwatch-metrics).
MINUTE = timedelta(seconds=60)

# Load balancers send what they counted once a minute, and CloudWatch has it some time later. AWS promises no
# time for that, so this is a cautious one.
DELAY = timedelta(minutes=3)


@dataclass(frozen=True)
class Count:
    """One figure; None where CloudWatch has no traffic at all for the time, so nothing is known.

    Args:
        until: To when CloudWatch has all of it; None where it has nothing.
        judged: Whether it is to be zero.
    """

    name: str
    value: int | None
    until: datetime | None = None
    judged: bool = True


def count_failures(aws: Aws, source: MetricSource, since: datetime, until: datetime) -> list[Count]:
    """Return the load balancer's own counts from the minute of *since* to that of *until*, which is this one.

    A missing failure metric means zero only where the request metric has data: a load balancer
    publishes "nonzero values" of those (AWS, application/load-balancer-cloudwatch-metrics).

    Raises:
        AwsError: No permission for ``cloudwatch:GetMetricData``, or AWS cannot be reached.
    """
    metrics = [source.requests, *source.failures, *source.told]
    start, end = _minute(since), _minute(until) + MINUTE
    found = aws.pages(
        "cloudwatch",
        "get_metric_data",
        "MetricDataResults",
        MetricDataQueries=[_query(source, number, metric) for number, metric in enumerate(metrics)],
        StartTime=start,
        EndTime=end,
    )
    values: dict[Metric, list[float]] = {metric: [] for metric in metrics}
    newest: datetime | None = None
    asked = {f"m{number}": metric for number, metric in enumerate(metrics)}
    for result in found:
        if result["Id"] not in asked:
            raise senseless("cloudwatch:GetMetricData", "MetricDataResults.Id", result["Id"])
        metric = asked[result["Id"]]
        values[metric] += result["Values"]
        if metric == source.requests and result["Timestamps"]:
            newest = max([*result["Timestamps"], *([newest] if newest else [])])
    # A minute that has something in it may not have all of it yet.
    whole = min(newest + MINUTE, _minute(until - DELAY)) if newest else None

    def count(metric: Metric, *, judged: bool) -> Count:
        value = _combined(metric, values[metric]) if newest or values[metric] else None
        return Count(metric.words, value, whole, judged)

    return [
        *(count(metric, judged=True) for metric in source.failures),
        *(count(metric, judged=False) for metric in source.told),
    ]


def complete_from(traffic_end: datetime) -> datetime:
    """Return from when on CloudWatch should have all of traffic that ended then."""
    return _minute(traffic_end) + MINUTE + DELAY


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _combined(metric: Metric, values: Sequence[float]) -> int:
    return round(max(values, default=0.0) if metric.statistic == "Maximum" else sum(values))


def _query(source: MetricSource, number: int, metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in source.dimensions_of(metric).items()]
    what = {"Namespace": source.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    return {
        "Id": f"m{number}",
        "MetricStat": {"Metric": what, "Period": int(MINUTE.total_seconds()), "Stat": metric.statistic},
    }
