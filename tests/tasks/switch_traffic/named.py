"""Blue and green behind a load balancer each, and a name whose records lead to blue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.route53.zones import NAME, Zone, alias, make_zone
from tests.program import Done

# Steps that cost a test little time.
QUICK = ("--settle", "1")

Lead = Callable[..., Done]


@dataclass(frozen=True)
class Named:
    cloud: World
    zone: Zone
    blue: LoadBalancer
    green: LoadBalancer

    def lead(self, *sets: dict[str, Any]) -> None:
        """Have the name lead by these, as long known."""
        self.zone.create(*sets)
        self.zone.known()

    def targets(self) -> list[str]:
        """Give the load balancers or values that the name leads to."""
        return [self.target(each) for each in self.zone.list()]

    def target(self, record: dict[str, Any]) -> str:
        if told := record.get("AliasTarget"):
            return str(told["DNSName"]).partition("-lb-1.")[0]
        return ",".join(each["Value"] for each in record["ResourceRecords"])

    def weights(self) -> dict[str, int]:
        return {each["SetIdentifier"]: each["Weight"] for each in self.zone.list()}

    def alias(self, side: LoadBalancer, **more: Any) -> dict[str, Any]:
        return alias(self.cloud, side, **more)

    def written(self) -> int:
        return sum(1 for each in self.cloud.journal.calls if each.operation == "ChangeResourceRecordSets")


def make_named(cloud: World, *, served: bool = True) -> Named:
    if served:
        one = [cloud.launch("Blue-1", zone="eu-west-1a", service=SERVICE)]
        other = [cloud.launch("Green-1", zone="eu-west-1b", service=SERVICE)]
        sides = (cloud.target_group("blue", instances=one), cloud.target_group("green", instances=other))
        count_requests(cloud, sides[0])
    else:
        sides = (cloud.target_group("blue"), cloud.target_group("green"))
    return Named(cloud, make_zone(cloud), *sides)


def count_requests(cloud: World, side: LoadBalancer) -> None:
    """Have CloudWatch count some of a load balancer's, ten minutes ago."""
    figure = {
        "MetricName": "RequestCount",
        "Dimensions": [
            {"Name": "LoadBalancer", "Value": side.load_balancer_arn.partition(":loadbalancer/")[2]}
        ],
        "Timestamp": datetime.now(timezone.utc) - timedelta(minutes=10),
        "Value": 9,
    }
    cloud.client("cloudwatch").put_metric_data(Namespace="AWS/ApplicationELB", MetricData=[figure])


__all__ = ["NAME", "QUICK", "Lead", "Named", "make_named"]
