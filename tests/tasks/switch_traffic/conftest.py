"""Blue and green behind one load balancer, each with one instance that answers its own address."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.elb.routing import Site, make_site
from tests.program import CommandLine, Done
from tests.tasks.switch_traffic.named import NAME, Lead
from tests.tasks.switch_traffic.named import QUICK as SETTLED

# Steps that cost a test little time.
QUICK = ("--steps", "50,100", "--settle", "1")


@pytest.fixture
def site(cloud: World) -> Site:
    pair = (
        cloud.launch("Blue-1", zone="eu-west-1a", service=SERVICE),
        cloud.launch("Green-1", zone="eu-west-1b", service=SERVICE),
    )
    site = make_site(cloud, pair)
    count_requests(site, ago=10)
    return site


Switch = Callable[..., Done]


@pytest.fixture
def switch(gocd_tasks: CommandLine) -> Switch:
    """Leads users of the site's load balancer, quickly, if to anywhere."""

    def run(*words: str, **variables: str) -> Done:
        left = [QUICK[at : at + 2] for at in (0, 2) if QUICK[at] not in words]
        quick = [word for pair in left for word in pair] if words[0] == "green" else []
        place = () if {"--load-balancer", "--listener"} & {*words} else ("--load-balancer", "blue-lb")
        return gocd_tasks("switch-traffic", *words, *place, *quick, **variables)

    return run


@pytest.fixture
def lead(gocd_tasks: CommandLine) -> Lead:
    """Leads users by the name of a zone, quickly."""

    def run(*words: str) -> Done:
        # Nobody counts who comes to addresses that are no machine's.
        unproved = () if {"green-lb", "old", "--port"} & {*words} else ("--unproved",)
        quick = () if "--back" in words else (*SETTLED, *unproved)
        return gocd_tasks("switch-traffic", *words, "--record", NAME, *quick)

    return run


def count_requests(site: Site, *, ago: float) -> None:
    """Have CloudWatch count some of blue's, so many minutes ago."""
    dimensions = [
        {"Name": "LoadBalancer", "Value": site.blue.load_balancer_arn.partition(":loadbalancer/")[2]},
        {"Name": "TargetGroup", "Value": site.blue.arn.rpartition(":")[2]},
    ]
    moment = datetime.now(timezone.utc) - timedelta(minutes=ago)
    figure = {"MetricName": "RequestCount", "Dimensions": dimensions, "Timestamp": moment, "Value": 9}
    site.cloud.client("cloudwatch").put_metric_data(Namespace="AWS/ApplicationELB", MetricData=[figure])


def weights(actions: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Give the weights of a forward by the names of its groups; one alone has all."""
    [forward] = [each for each in actions if each["Type"] == "forward"]
    groups = forward["ForwardConfig"]["TargetGroups"]
    return {each["TargetGroupArn"].split("/")[1]: int(each["Weight"]) for each in groups}


def standing(site: Site) -> list[dict[str, int]]:
    """Give the weights of each of the listener's rules that forwards, the default one last."""
    actions = [rule["Actions"] for rule in site.rules()]
    return [weights(each) for each in actions if each[-1]["Type"] == "forward"]


def written(calls: Iterable[Call]) -> list[dict[str, int]]:
    """Give the weights that listeners and rules were given, in their order."""
    return [_told(call.parameters) for call in calls if call.operation in ("ModifyListener", "ModifyRule")]


def _told(parameters: Mapping[str, Any]) -> dict[str, int]:
    groups = [name for name in parameters if name.endswith(".TargetGroupArn")]
    weighed = [(parameters[name], parameters[name.replace("TargetGroupArn", "Weight")]) for name in groups]
    return {arn.split("/")[1]: int(weight) for arn, weight in weighed}
