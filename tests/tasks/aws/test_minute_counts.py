from datetime import datetime, timedelta, timezone

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.minute_counts import requests_by_minute
from tasks.aws.target_group_metrics import metrics_of

BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/blue/0123456789abcdef"


def test_a_connection_that_lasts_counts_in_every_minute_though_it_is_new_in_one(
    cloud: World, aws: Aws
) -> None:
    now = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    figures = [("NewFlowCount", 9, 4), ("ActiveFlowCount", 9, 4), ("ActiveFlowCount", 2, 1)]
    cloud.client("cloudwatch").put_metric_data(
        Namespace="AWS/NetworkELB",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "LoadBalancer", "Value": "net/blue/0123456789abcdef"}],
                "Timestamp": now - timedelta(minutes=ago),
                "Value": value,
            }
            for name, ago, value in figures
        ],
    )
    entry = {"TargetGroupArn": "a:targetgroup/blue/1", "LoadBalancerArns": [BALANCER]}
    source = metrics_of(entry, 1, network=True).of_the_whole()

    counts = requests_by_minute(aws, source, now - timedelta(minutes=20), now)
    assert counts == {now - timedelta(minutes=9): 8, now - timedelta(minutes=2): 1}
