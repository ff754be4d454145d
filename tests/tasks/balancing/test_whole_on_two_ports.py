"""An instance on two ports of one target group, of which its service listens on one only."""

import pytest

from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import eventually
from tests.program import CommandLine
from tests.tasks.conftest import MakeBalancer, Pair
from tests.tasks.test_cli import one_error


@pytest.fixture
def two_ports(cloud: World, behind: MakeBalancer, pair: Pair) -> str:
    """Staging-1 on 8080, where it answers, and on 8081, where it does not; gives the group's ARN."""
    made = behind("application")
    cloud.client("elbv2").register_targets(
        TargetGroupArn=made.arn, Targets=[{"Id": pair.one.id, "Port": 8081}]
    )
    eventually(
        lambda: states(cloud, made.arn),
        {(pair.one.id, 8080): "healthy", (pair.one.id, 8081): "unhealthy", (pair.two.id, 8080): "healthy"},
    )
    return made.arn


def states(cloud: World, arn: str) -> dict[tuple[str, int], str]:
    told = cloud.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {(each["Target"]["Id"], each["Target"]["Port"]): each["TargetHealth"]["State"] for each in told}


def test_who_is_healthy_on_one_of_its_ports_is_the_last_to_serve(
    cloud: World, gocd_tasks: CommandLine, two_ports: str, pair: Pair
) -> None:
    cloud.faults.unreachable(pair.two.id)
    eventually(lambda: states(cloud, two_ports)[pair.two.id, 8080], "unhealthy")
    done = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert done.returncode == 2
    assert "Staging-1 is the last healthy instance in staging" in one_error(done)
    assert states(cloud, two_ports)[pair.one.id, 8080] == "healthy"


def test_it_leaves_both_and_comes_back_to_both_and_is_waited_for_where_it_served(
    cloud: World, gocd_tasks: CommandLine, two_ports: str, pair: Pair
) -> None:
    out = gocd_tasks("detach-instance", "Staging-1", "--load-balancer", "staging")

    assert (out.returncode, out.stderr) == (0, "")
    assert states(cloud, two_ports) == {(pair.two.id, 8080): "healthy"}
    back = gocd_tasks("attach-instance", "Staging-1", "--load-balancer", "staging")

    assert (back.returncode, back.stderr) == (0, "")
    now = states(cloud, two_ports)
    assert now[pair.one.id, 8080] == "healthy"
    assert now[pair.one.id, 8081] in ("initial", "unhealthy")
