"""Answers of 200 that cannot be read, or lack what AWS always tells: looked up, and told in words."""

import re
from collections.abc import Callable

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.test_cli import one_error

Spoil = Callable[[bytes], bytes]

DETACH = ("detach-instance", "Staging-1", "--load-balancer", "staging")
ATTACH = ("attach-instance", "Staging-1", "--load-balancer", "staging")

SPOILT: dict[str, Spoil] = {
    "cut off": lambda body: body[: len(body) // 2],
    "empty": lambda _: b"",
    "a page": lambda _: b"<!DOCTYPE html><html><head><title>Blocked</title></head></html>",
}


@pytest.mark.parametrize("how", SPOILT)
def test_an_order_to_leave_whose_answer_cannot_be_read_is_looked_up_and_waited_for(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, how: str
) -> None:
    made = behind("application")
    cloud.faults.spoil("DeregisterTargets", SPOILT[how])
    done = gocd_tasks(*DETACH)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Staging-1: leaving staging: the order was followed" in done.stdout
    assert cloud.serving(made) == {pair.two.id}


@pytest.mark.parametrize("kind", ["application", "classic"])
def test_an_order_that_nobody_answers_and_nobody_follows_is_put_back(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, kind: str
) -> None:
    made = behind(kind)
    order = "DeregisterTargets" if kind == "application" else "DeregisterInstancesFromLoadBalancer"
    cloud.faults.fail(order, 500, "InternalFailure", times=99)
    done = gocd_tasks(*DETACH)

    assert done.returncode == 1
    assert "; Staging-1 was put back and serves as before" in one_error(done)
    assert cloud.serving(made) == {pair.one.id, pair.two.id}
    assert not tags(cloud, pair)


def test_a_memory_that_may_have_been_written_is_told_and_no_order_is_given(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application")
    cloud.faults.lose_answers("CreateTags")
    done = gocd_tasks(*DETACH)
    cloud.faults.clear()

    assert done.returncode == 1
    assert "; a tag may say that Staging-1 is out of staging, and no order was given" in one_error(done)
    assert gocd_tasks(*ATTACH).returncode == 0
    assert cloud.serving(made) == {pair.one.id, pair.two.id}
    assert not tags(cloud, pair)


def tags(cloud: World, pair: Pair) -> list[str]:
    found = cloud.client("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": [pair.one.id]}])
    return [each["Key"] for each in found["Tags"] if each["Key"].startswith("gocd-tasks:")]


def test_an_order_to_serve_whose_answer_cannot_be_read_is_looked_up_and_waited_for(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair
) -> None:
    made = behind("application")
    assert gocd_tasks(*DETACH).returncode == 0
    cloud.faults.spoil("RegisterTargets", SPOILT["cut off"])
    done = gocd_tasks(*ATTACH)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Staging-1: registered with staging: the order was followed" in done.stdout
    assert cloud.serving(made) == {pair.one.id, pair.two.id}


@pytest.mark.parametrize("kind", ["application", "classic"])
def test_a_state_that_nobody_knows_counts_as_serving_when_it_leaves_and_not_when_it_joins(
    cloud: World, gocd_tasks: CommandLine, behind: MakeBalancer, pair: Pair, kind: str
) -> None:
    made = behind(kind)
    look, well = ("DescribeTargetHealth", b"healthy") if kind == "application" else CLASSIC_LOOK
    cloud.faults.spoil(look, lambda body: of_one(body, pair.one.id, well, b"serene"))
    detach = gocd_tasks(*DETACH, "--min-healthy", "2")
    attach = gocd_tasks(*ATTACH, "--timeout", "5")

    assert detach.returncode == 2
    assert "Staging-1" in one_error(detach)
    assert (
        "Staging-1: unavailable: AWS calls it 'serene', which is not known here in staging" in attach.stdout
    )
    assert attach.returncode == 3
    assert "Staging-1 did not become healthy in staging" in one_error(attach)
    assert cloud.serving(made) == {pair.one.id, pair.two.id}


CLASSIC_LOOK = ("DescribeInstanceHealth", b"InService")


def of_one(body: bytes, instance_id: str, state: bytes, other: bytes) -> bytes:
    """The same, with another state in the entry of one instance."""
    entries = re.split(rb"(?=<member>)", body)
    return b"".join(
        each.replace(b"<State>" + state, b"<State>" + other) if instance_id.encode() in each else each
        for each in entries
    )
