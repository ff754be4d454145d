"""What CloudWatch says of failed requests, and what its silence means."""

from datetime import datetime, timedelta, timezone

import pytest

from gocd.rehearsal.standin_aws.world import World
from tasks.aws.api import Aws
from tasks.aws.balancer_lookup import find_load_balancers
from tasks.aws.errors import Denied
from tasks.aws.instances import find_instance
from tasks.aws.traffic_counts import count_failures
from tests.tasks.conftest import KINDS, MakeBalancer

NOW = datetime.now(timezone.utc).replace(second=30, microsecond=0)
SINCE, UNTIL = NOW - timedelta(minutes=5), NOW


def counts(aws: Aws) -> dict[str, int | None]:
    [balancer] = find_load_balancers(aws, ["staging"], find_instance(aws, "Staging-1"))
    return {count.name: count.value for count in count_failures(aws, balancer.metrics(), SINCE, UNTIL)}


def publish(cloud: World, aws: Aws, **values: float) -> None:
    """Put figures where they are looked for, three minutes ago."""
    [balancer] = find_load_balancers(aws, ["staging"], find_instance(aws, "Staging-1"))
    source = balancer.metrics()
    metrics = {metric.name: metric for metric in (source.requests, *source.failures)}
    cloud.client("cloudwatch").put_metric_data(
        Namespace=source.namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [
                    {"Name": key, "Value": value}
                    for key, value in source.dimensions_of(metrics[name]).items()
                ],
                "Timestamp": NOW - timedelta(minutes=3),
                "Value": value,
            }
            for name, value in values.items()
        ],
    )


@pytest.mark.parametrize("kind", KINDS)
def test_no_traffic_at_all_means_that_nothing_is_known(aws: Aws, behind: MakeBalancer, kind: str) -> None:
    behind(kind)

    assert set(counts(aws).values()) == {None}


def test_traffic_without_failures_means_zero(cloud: World, aws: Aws, behind: MakeBalancer) -> None:
    behind("application")
    publish(cloud, aws, RequestCount=1000)

    assert set(counts(aws).values()) == {0}


def test_failures_are_counted(cloud: World, aws: Aws, behind: MakeBalancer) -> None:
    behind("application")
    publish(cloud, aws, RequestCount=1000, HTTPCode_ELB_5XX_Count=7, RejectedConnectionCount=2)

    found = counts(aws)
    assert found["5xx of the load balancer's own"] == 7
    assert found["connections rejected, the load balancer being full"] == 2
    assert found["5xx of instances"] == 0


def test_the_surge_queue_of_a_classic_load_balancer_is_its_longest(
    cloud: World, aws: Aws, behind: MakeBalancer
) -> None:
    behind("classic")
    publish(cloud, aws, RequestCount=1000, SurgeQueueLength=40, HTTPCode_Backend_5XX=3)

    found = counts(aws)
    assert found["requests in the surge queue at most"] == 40
    assert found["5xx of instances"] == 3


def test_a_missing_permission_is_said_and_not_taken_for_zero(
    cloud: World, aws: Aws, behind: MakeBalancer
) -> None:
    behind("application")
    cloud.faults.deny("cloudwatch:GetMetricData")
    with pytest.raises(Denied, match="cloudwatch:GetMetricData"):
        counts(aws)
