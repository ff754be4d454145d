"""A hosted zone, and changes of its records."""

from dataclasses import dataclass
from typing import Any

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World

APEX, NAME = "example.com", "web.example.com"

# Of nobody: kept for examples (RFC 5737).
ONE, OTHER = "192.0.2.1", "192.0.2.2"

Change = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Zone:
    cloud: World
    id: str

    def change(self, *changes: Change) -> str:
        """Make a batch of changes; gives its id."""
        batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
        told = self.cloud.client("route53").change_resource_record_sets(
            HostedZoneId=self.id, ChangeBatch={"Changes": batch}
        )
        return str(told["ChangeInfo"]["Id"])

    def create(self, *records: dict[str, Any]) -> str:
        return self.change(*(("CREATE", each) for each in records))

    def status(self, change: str) -> str:
        return str(self.cloud.client("route53").get_change(Id=change)["ChangeInfo"]["Status"])

    def known(self) -> None:
        """Let the time pass until all name servers know of what was changed."""
        self.cloud.let_pass(60)

    def list(self, name: str = NAME) -> list[dict[str, Any]]:
        """Give the record sets of a name, by the pages that there are."""
        pages = self.cloud.client("route53").get_paginator("list_resource_record_sets")
        told = pages.paginate(HostedZoneId=self.id, PaginationConfig={"PageSize": 2})
        return [each for page in told for each in page["ResourceRecordSets"] if each["Name"] == f"{name}."]


def make_zone(cloud: World, *, name: str = APEX, private: bool = False) -> Zone:
    more: dict[str, Any] = {}
    if private:
        more["VPC"] = {"VPCRegion": cloud.region, "VPCId": cloud.network.vpc}
    told = cloud.client("route53").create_hosted_zone(
        Name=name,
        CallerReference=f"{name} {private}",
        HostedZoneConfig={"PrivateZone": private, "Comment": ""},
        **more,
    )
    return Zone(cloud, told["HostedZone"]["Id"])


def record(*values: str, kind: str = "A", ttl: int = 60, name: str = NAME, **more: Any) -> dict[str, Any]:
    told = [{"Value": each} for each in values]
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": told, **more}


def member(identifier: str, weight: int, *values: str, **more: Any) -> dict[str, Any]:
    return record(*values, SetIdentifier=identifier, Weight=weight, **more)


def alias(
    cloud: World, balancer: LoadBalancer, *, evaluate: bool = False, kind: str = "A", **more: Any
) -> dict[str, Any]:
    """Give an alias record of a load balancer."""
    elbv2 = cloud.client("elbv2")
    if balancer.kind == "classic":
        [told] = cloud.client("elb").describe_load_balancers(LoadBalancerNames=[balancer.name])[
            "LoadBalancerDescriptions"
        ]
        zone = told["CanonicalHostedZoneNameID"]
    else:
        arns = [balancer.load_balancer_arn]
        [told] = elbv2.describe_load_balancers(LoadBalancerArns=arns)["LoadBalancers"]
        zone = told["CanonicalHostedZoneId"]
    target = {"HostedZoneId": zone, "DNSName": told["DNSName"], "EvaluateTargetHealth": evaluate}
    return {"Name": NAME, "Type": kind, "AliasTarget": target, **more}
