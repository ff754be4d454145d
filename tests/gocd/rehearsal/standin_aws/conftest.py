"""What these tests share: two instances, and asking until something is so."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.service import SERVICE

Pair = tuple[Instance, Instance]


@pytest.fixture
def pair(cloud: World) -> Pair:
    """Two instances in two zones, each running the service."""
    return (
        cloud.launch("Staging-1", zone="eu-west-1a", service=SERVICE),
        cloud.launch("Staging-2", zone="eu-west-1b", service=SERVICE),
    )


def eventually(observe: Callable[[], Any], wanted: Any, *, patience: float = 30.0) -> list[Any]:
    """Wait until *observe* gives *wanted*; gives the different things it gave on the way."""
    seen: list[Any] = []
    deadline = time.monotonic() + patience
    while not seen or seen[-1] != wanted:
        assert time.monotonic() < deadline, f"never {wanted}, only {seen}"
        now = observe()
        if not seen or seen[-1] != now:
            seen.append(now)
        threading.Event().wait(0.02)
    return seen


def in_time(cloud: World, observe: Callable[[], Any], wanted: Any) -> list[Any]:
    """As ``eventually``, with a tenth of a second passing for AWS before each look."""

    def look() -> Any:
        cloud.let_pass(0.1)
        return observe()

    return eventually(look, wanted)


def get(url: str) -> str:
    """Fetch a page; gives its text, or the error's number."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            text: str = answer.read().decode()
            return text
    except urllib.error.HTTPError as error:
        return str(error.code)


def target_state(cloud: World, balancer: LoadBalancer, instance: Instance) -> str:
    """Give ``state/reason`` of a target asked for by its id."""
    [told] = cloud.client("elbv2").describe_target_health(
        TargetGroupArn=balancer.arn, Targets=[{"Id": instance.id}]
    )["TargetHealthDescriptions"]
    health = told["TargetHealth"]
    return "/".join([health["State"], *([health["Reason"]] if "Reason" in health else [])])


def listed(cloud: World, balancer: LoadBalancer) -> set[str]:
    """Give the ids that DescribeTargetHealth lists by itself."""
    told = cloud.client("elbv2").describe_target_health(TargetGroupArn=balancer.arn)
    return {each["Target"]["Id"] for each in told["TargetHealthDescriptions"]}


def power(cloud: World, instance: Instance) -> str:
    """Give EC2's word for an instance's state."""
    [told] = cloud.client("ec2").describe_instances(InstanceIds=[instance.id])["Reservations"]
    return str(told["Instances"][0]["State"]["Name"])
