"""kill -9 after every single AWS call, then the same command again: the end is as if nothing had happened."""

import re
from typing import Any

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.killing import AT, killed_at, moments

pytestmark = pytest.mark.end_to_end


def state(cloud: World, made: LoadBalancer, pair: Pair) -> dict[str, Any]:
    """All that a detach or attach may change."""
    tags = {
        f"{tag['ResourceId']} {tag['Key']}": re.sub(r"since=\S+", "", tag["Value"])
        for tag in cloud.client("ec2").describe_tags()["Tags"]
        if tag["ResourceId"].startswith("i-")
    }
    return {"serving": cloud.serving(made), "tags": tags, "health": health(cloud, made, pair)}


def health(cloud: World, made: LoadBalancer, pair: Pair) -> dict[str, str]:
    if made.kind == "classic":
        ids = [{"InstanceId": each.id} for each in pair]
        states = cloud.client("elb").describe_instance_health(LoadBalancerName=made.name, Instances=ids)
        return {each["InstanceId"]: each["Description"] for each in states["InstanceStates"]}
    targets = cloud.client("elbv2").describe_target_health(TargetGroupArn=made.arn)
    return {
        f"{each['Target']['Id']}:{each['Target']['Port']}": each["TargetHealth"]["State"]
        for each in targets["TargetHealthDescriptions"]
    }


@AT
@pytest.mark.parametrize("kind", ["application", pytest.param("classic", marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("task", ["detach-instance", "attach-instance"])
def test_the_same_command_again_heals(
    cloud: World,
    gocd_tasks: CommandLine,
    behind: MakeBalancer,
    pair: Pair,
    kind: str,
    task: str,
    every: bool,
) -> None:
    made = behind(kind, drain=1)
    words = ("Staging-1", "--load-balancer", f"{'classic' if kind == 'classic' else 'target-group'}:staging")
    back = "attach-instance" if task == "detach-instance" else "detach-instance"
    if task == "attach-instance":
        assert gocd_tasks(back, *words).returncode == 0
    before = state(cloud, made, pair)
    cloud.journal.clear()
    assert gocd_tasks(task, *words).returncode == 0
    undisturbed = state(cloud, made, pair)
    kills = moments(cloud.journal.calls, every=every)
    assert undisturbed != before
    # The lock, the memory and the load balancer, each changed; the lock once more.
    assert len(kills) >= 4

    for moment in kills:
        assert gocd_tasks(back, *words).returncode == 0
        assert state(cloud, made, pair) == before
        killed_at(cloud, moment, gocd_tasks, task, *words)

        assert gocd_tasks(task, *words).returncode == 0
        assert state(cloud, made, pair) == undisturbed, f"after kill -9 at {moment}"
