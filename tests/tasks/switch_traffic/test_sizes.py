"""Blue stays as large as it was while users may come back, and is made so again before they do."""

import pytest

from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World
from tasks.iam_policy import Narrowed, iam_policy
from tests.gocd.rehearsal.standin_aws.service import SERVICE
from tests.gocd.rehearsal.standin_aws.services.elb.routing import make_group
from tests.program import CommandLine
from tests.tasks.clone_environment.cloning import blue_group, group
from tests.tasks.killing import killed_at, moments
from tests.tasks.retire_environment.retiring import count_requests, shares

pytestmark = pytest.mark.end_to_end

FORTH = (
    "switch-traffic",
    "green",
    "--load-balancer",
    "blue-lb",
    "--steps",
    "100",
    "--settle",
    "1",
    "--enough",
    "1",
)
BACK = ("switch-traffic", "--back", "--load-balancer", "blue-lb")


@pytest.fixture
def front(cloud: World, sample: Service) -> LoadBalancer:
    """Blue of two instances, that may have fewer, and a green that is no Auto Scaling group."""
    front = blue_group(cloud, sample, size=2, min_size=0)
    count_requests(cloud, front, ago=10)
    green = cloud.launch("Green-1", zone="eu-west-1b", service=SERVICE)
    made = make_group(cloud, "green")
    cloud.client("elbv2").register_targets(TargetGroupArn=made, Targets=[{"Id": green.id}])
    return front


def least(cloud: World) -> tuple[int, bool]:
    """Give blue's least size, and whether it says that its usual one is another."""
    told = group(cloud, "blue")
    return told["MinSize"], any(each["Key"] == "gocd-tasks:usual-min-size" for each in told["Tags"])


@pytest.mark.exhaustive
def test_blue_keeps_its_size_until_users_are_back_and_gets_it_back_before(
    cloud: World, gocd_tasks: CommandLine, front: LoadBalancer
) -> None:
    policy = iam_policy(["switch-traffic"], Narrowed(regions=["eu-west-1"]))
    cloud.faults.allow_only(policy)
    there = gocd_tasks(*FORTH)
    assert there.returncode == 0, there.stderr
    assert "blue: keeps 2 instances at least, as users may come back" in there.stdout
    assert least(cloud) == (2, True)
    # By a person, or a schedule.
    cloud.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="blue", MinSize=0, DesiredCapacity=0
    )
    cloud.journal.clear()
    back = gocd_tasks(*BACK)

    assert back.returncode == 0, back.stderr
    order = [
        call.operation for call in cloud.journal.calls if call.operation.startswith(("Update", "Modify"))
    ]
    assert order == ["UpdateAutoScalingGroup", "ModifyListener", "ModifyListener", "UpdateAutoScalingGroup"]
    assert "blue: may have 0 instances again, as usual" in back.stdout
    assert least(cloud) == (0, False)
    assert len(group(cloud, "blue")["Instances"]) == 2
    assert list(shares(cloud, front)) == ["blue"]


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
def test_killed_at_any_call_the_same_command_again_leaves_the_usual_size(
    cloud: World, gocd_tasks: CommandLine, front: LoadBalancer
) -> None:
    assert gocd_tasks(*FORTH).returncode == 0
    cloud.journal.clear()
    assert gocd_tasks(*BACK).returncode == 0
    for moment in moments(cloud.journal.calls, every=True):
        assert gocd_tasks(*FORTH, "--lock-wait", "300").returncode == 0
        killed_at(cloud, moment, gocd_tasks, *BACK)
        again = gocd_tasks(*BACK, "--lock-wait", "300")

        assert again.returncode == 0, f"after kill -9 at {moment}: {again.stderr}"
        assert least(cloud) == (0, False), f"after kill -9 at {moment}"
        assert list(shares(cloud, front)) == ["blue"]
