"""Requests of each minute, from CloudWatch.

Source: AWS, application/load-balancer-cloudwatch-metrics: a minute without requests has no data point, and
health checks are not counted.
"""

from datetime import datetime, timedelta

from tasks.aws.api import Aws
from tasks.aws.metrics import MetricSource

MINUTE = 60


def requests_by_minute(
    aws: Aws, source: MetricSource, since: datetime, until: datetime
) -> dict[datetime, int]:
    """Return the requests of every minute that had any, by its beginning.

    Raises:
        AwsError: No permission for ``cloudwatch:GetMetricData``, or AWS cannot be reached.
    """
    metric = source.requests
    dimensions = [{"Name": name, "Value": value} for name, value in source.dimensions_of(metric).items()]
    what = {"Namespace": source.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    found = aws.pages(
        "cloudwatch",
        "get_metric_data",
        "MetricDataResults",
        MetricDataQueries=[
            {"Id": "requests", "MetricStat": {"Metric": what, "Period": MINUTE, "Stat": metric.statistic}}
        ],
        StartTime=since.replace(second=0, microsecond=0),
        EndTime=until + timedelta(seconds=MINUTE),
    )
    counts: dict[datetime, int] = {}
    for result in found:
        for moment, value in zip(result["Timestamps"], result["Values"], strict=False):
            counts[moment] = counts.get(moment, 0) + round(value)
    return {moment: count for moment, count in counts.items() if count}
