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
MINUTE = 60


@dataclass(frozen=True)
class Count:
    """One figure; None where CloudWatch has no traffic at all for the time, so nothing is known."""

    name: str
    value: int | None


def count_failures(aws: Aws, source: MetricSource, since: datetime, until: datetime) -> list[Count]:
    """Return the load balancer's own counts from the minute of *since* to that of *until*.

    A missing failure metric means zero only where the request metric has data: a load balancer
    publishes "nonzero values" of those (AWS, application/load-balancer-cloudwatch-metrics).

    Raises:
        AwsError: No permission for ``cloudwatch:GetMetricData``, or AWS cannot be reached.
    """
    metrics = [source.requests, *source.failures]
    start = since.replace(second=0, microsecond=0)
    end = until.replace(second=0, microsecond=0) + timedelta(seconds=MINUTE)
    found = aws.pages(
        "cloudwatch",
        "get_metric_data",
        "MetricDataResults",
        MetricDataQueries=[_query(source, number, metric) for number, metric in enumerate(metrics)],
        StartTime=start,
        EndTime=end,
    )
    values: dict[Metric, list[float]] = {metric: [] for metric in metrics}
    asked = {f"m{number}": metric for number, metric in enumerate(metrics)}
    for result in found:
        if result["Id"] not in asked:
            raise senseless("cloudwatch:GetMetricData", "MetricDataResults.Id", result["Id"])
        values[asked[result["Id"]]] += result["Values"]
    known = bool(values[source.requests])
    return [
        Count(metric.words, _combined(metric, values[metric]) if known or values[metric] else None)
        for metric in source.failures
    ]


def _combined(metric: Metric, values: Sequence[float]) -> int:
    return round(max(values, default=0.0) if metric.statistic == "Maximum" else sum(values))


def _query(source: MetricSource, number: int, metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in source.dimensions_of(metric).items()]
    what = {"Namespace": source.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    return {
        "Id": f"m{number}",
        "MetricStat": {"Metric": what, "Period": MINUTE, "Stat": metric.statistic},
    }
