"""Requests of each minute, from CloudWatch.

Source: AWS, application/load-balancer-cloudwatch-metrics: a minute without requests has no data point, and
health checks are not counted. And network/load-balancer-cloudwatch-metrics: a connection is new in one
minute, and active for as long as it lives.
"""

from datetime import datetime, timedelta
from typing import Any

from tasks.aws.api import Aws
from tasks.aws.metrics import Metric, MetricSource

MINUTE = 60


def requests_by_minute(
    aws: Aws, source: MetricSource, since: datetime, until: datetime
) -> dict[datetime, int]:
    """Return the requests of every minute that had any, by its beginning; connections that last are some.

    Raises:
        AwsError: No permission for ``cloudwatch:GetMetricData``, or AWS cannot be reached.
    """
    queries = [
        _query(f"requests{number}", source, metric)
        for number, metric in enumerate((source.requests, *source.lasting))
    ]
    found = aws.pages(
        "cloudwatch",
        "get_metric_data",
        "MetricDataResults",
        MetricDataQueries=queries,
        StartTime=since.replace(second=0, microsecond=0),
        EndTime=until + timedelta(seconds=MINUTE),
    )
    counts: dict[datetime, int] = {}
    for result in found:
        for moment, value in zip(result["Timestamps"], result["Values"], strict=False):
            counts[moment] = counts.get(moment, 0) + round(value)
    return {moment: count for moment, count in counts.items() if count}


def _query(key: str, source: MetricSource, metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in source.dimensions_of(metric).items()]
    what = {"Namespace": source.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    return {"Id": key, "MetricStat": {"Metric": what, "Period": MINUTE, "Stat": metric.statistic}}
