from datetime import datetime, timedelta, timezone

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import Pair, eventually, get


def figures(cloud: World, balancer: LoadBalancer) -> list[float]:
    """Give the requests of each minute that CloudWatch has any for, the latest first."""
    dimensions = [
        {"Name": "LoadBalancer", "Value": balancer.load_balancer_arn.partition(":loadbalancer/")[2]},
        {"Name": "TargetGroup", "Value": balancer.arn.rpartition(":")[2]},
    ]
    what = {"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Dimensions": dimensions}
    now = datetime.now(timezone.utc)
    [result] = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": what, "Period": 60, "Stat": "Sum"}}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
    )["MetricDataResults"]
    return list(result["Values"])


def test_a_minute_with_requests_has_a_figure_and_one_without_has_none(cloud: World, pair: Pair) -> None:
    balancer = cloud.target_group("web", instances=[pair[0]])
    cloud.parts.elb.counts.begin()
    for _ in range(7):
        get(balancer.url)
    eventually(lambda: sum(cloud.parts.plane.requests(balancer.pool).values()), 7)
    assert figures(cloud, balancer) == []

    for _ in range(3):
        cloud.let_pass(60)
    assert figures(cloud, balancer) == [7]
